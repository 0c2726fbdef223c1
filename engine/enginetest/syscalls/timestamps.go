// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var timestampCases = []Case{
	{"times/write", Anyone, timesWrite},
	{"times/read-keeps-mtime", Anyone, timesRead},
	{"times/directory", Anyone, timesDirectory},
	{"times/inode-change", Anyone, timesChange},
	{"times/now", Anyone, timesNow},
}

// past is a time stamp, in seconds, that no clock shows any more.
const past = 1_000_000_000

// age sets access and modification time of path itself into the past.
func (t *T) age(path string) {
	ts := [2]unix.Timespec{{Sec: past, Nsec: 111_111_111}, {Sec: past, Nsec: 222_222_222}}
	t.Do(unix.SYS_UTIMENSAT, unix.AT_FDCWD, path, &ts, unix.AT_SYMLINK_NOFOLLOW)
}

// touched checks whether the modification time of path has left the past.
func (t *T) touched(what, path string, want bool) {
	same(t, "mtime touched by "+what, t.Lstat(path).Mtim.Sec != past, want)
}

func timesWrite(t *T) {
	p := t.File("f", "abc")
	fd := t.Open(p, unix.O_RDWR, 0)
	steps := []struct {
		what string
		do   func()
		want bool
	}{
		{"open", func() { t.Close(t.Open(p, unix.O_RDWR, 0)) }, false},
		{"write", func() { t.Write(fd, "x") }, true},
		{"empty write", func() { t.Do(unix.SYS_WRITE, fd, nil, 0) }, false},
		{"ftruncate", func() { t.Do(unix.SYS_FTRUNCATE, fd, 1) }, true},
		{"ftruncate to the same size", func() { t.Do(unix.SYS_FTRUNCATE, fd, 1) }, true},
		{"truncate", func() { t.Do(unix.SYS_TRUNCATE, p, 10) }, true},
		{"O_TRUNC", func() { t.Open(p, unix.O_RDWR|unix.O_TRUNC, 0) }, true},
		{"chmod", func() { t.Do(unix.SYS_CHMOD, p, 0o600) }, false},
		{"link", func() { t.Do(unix.SYS_LINK, p, t.Path("g")) }, false},
		{"rename", func() { t.Do(unix.SYS_RENAME, t.Path("g"), t.Path("h")) }, false},
	}
	for _, s := range steps {
		t.age(p)
		t.touched("nothing", p, false)
		s.do()
		t.touched(s.what, p, s.want)
	}
}

func timesRead(t *T) {
	p := t.File("f", "abc")
	t.age(p)
	before := t.Stat(p)
	t.Holds(p, "abc")
	after := t.Stat(p)
	same(t, "mtime", after.Mtim, before.Mtim)
	same(t, "ctime", after.Ctim, before.Ctim)
}

func timesDirectory(t *T) {
	d := t.Mkdir("d")
	t.File("d/kept", "")
	for _, s := range []struct {
		what string
		do   func()
		want bool
	}{
		{"create", func() { t.File("d/f", "abc") }, true},
		{"write to an entry", func() { t.File("d/f", "def") }, false},
		{"chmod of an entry", func() { t.Do(unix.SYS_CHMOD, t.Path("d/f"), 0o600) }, false},
		{"link", func() { t.Do(unix.SYS_LINK, t.Path("d/f"), t.Path("d/g")) }, true},
		{"rename", func() { t.Do(unix.SYS_RENAME, t.Path("d/g"), t.Path("d/h")) }, true},
		{"unlink", func() { t.Do(unix.SYS_UNLINK, t.Path("d/h")) }, true},
		{"symlink", func() { t.Symlink("x", "d/l") }, true},
		{"mkdir", func() { t.Mkdir("d/e") }, true},
		{"rmdir", func() { t.Do(unix.SYS_RMDIR, t.Path("d/e")) }, true},
		{"mknod", func() { t.Do(unix.SYS_MKNOD, t.Path("d/p"), unix.S_IFIFO|0o600, 0) }, true},
		{"move out", func() { t.Do(unix.SYS_RENAME, t.Path("d/f"), t.Path("f")) }, true},
		{"listing", func() { t.names(d) }, false},
		{"failed create", func() { t.Fails(unix.EEXIST, unix.SYS_MKDIR, t.Path("d/kept"), 0o755) }, false},
	} {
		t.age(d)
		s.do()
		t.touched(s.what, d, s.want)
	}
}

// Every change of the inode moves ctime; time stamps have the granularity of a tick, so
// each change is repeated until the clock shows it.
func timesChange(t *T) {
	p := t.File("f", "abc")
	fd := t.Open(p, unix.O_RDWR, 0)
	for _, s := range []struct {
		what string
		do   func()
	}{
		{"chmod", func() { t.Do(unix.SYS_CHMOD, p, 0o600) }},
		{"chown", func() { t.Do(unix.SYS_CHOWN, p, unix.Geteuid(), unix.Getegid()) }},
		{"utimensat", func() { t.age(p) }},
		{"link and unlink", func() { t.Do(unix.SYS_LINK, p, t.Path("g")); t.Do(unix.SYS_UNLINK, t.Path("g")) }},
		{"write", func() { t.Returns(1, unix.SYS_PWRITE64, fd, []byte("x"), 1, 0) }},
		{"ftruncate", func() { t.Do(unix.SYS_FTRUNCATE, fd, 3) }},
	} {
		before := t.Stat(p).Ctim
		moved := eventually(func() bool { s.do(); return t.Stat(p).Ctim != before })
		t.Check(moved, "%s does not move ctime", s.what)
	}
}

func timesNow(t *T) {
	var lo, hi unix.Timespec
	t.NoError(unix.ClockGettime(unix.CLOCK_REALTIME_COARSE, &lo), "clock_gettime")
	st := t.Stat(t.File("f", "abc"))
	t.NoError(unix.ClockGettime(unix.CLOCK_REALTIME, &hi), "clock_gettime")
	for _, ts := range []unix.Timespec{st.Atim, st.Mtim, st.Ctim} {
		if t.FS == FUSE { // the server may keep whole seconds only
			lo.Nsec, ts.Nsec, hi.Nsec = 0, 0, 0
		}
		t.Check(ts.Nano() >= lo.Nano() && ts.Nano() <= hi.Nano(), "time %d outside %d..%d ns", ts.Nano(), lo.Nano(), hi.Nano())
	}
}
