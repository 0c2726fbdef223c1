// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var openFlagCases = []Case{
	{"open/trunc", Anyone, openTrunc},
	{"open/o-directory", Anyone, openODirectory},
	{"open/nofollow", Anyone, openNofollow},
	{"open/getfl", Anyone, openGetfl},
	{"open/cloexec", Anyone, openCloexec},
	{"open/append-flag", Anyone, openAppendFlag},
	{"open/unknown-flags-are-ignored", Anyone, openUnknownFlags},
	{"open/noatime-not-owner", User, openNoatime},
	{"open/sync-flags", Anyone, openSyncFlags},
}

func openTrunc(t *T) {
	p := t.File("f", "abc")
	fd := t.Open(p, unix.O_RDWR|unix.O_TRUNC, 0)
	same(t, "size", t.Fstat(fd).Size, 0)
	t.Write(fd, "def")
	ro := t.Open(p, unix.O_RDONLY|unix.O_TRUNC, 0)
	same(t, "size after O_RDONLY|O_TRUNC", t.Fstat(ro).Size, 0)
	t.Write(fd, "g")
	t.Holds(p, "\x00\x00\x00g")
	t.Fails(unix.ENOENT, unix.SYS_OPENAT, unix.AT_FDCWD, t.Path("no"), unix.O_RDWR|unix.O_TRUNC, 0)
	t.Symlink("f", "l")
	t.Open(t.Path("l"), unix.O_RDWR|unix.O_TRUNC, 0)
	t.Holds(p, "")
}

func openODirectory(t *T) {
	p := t.File("f", "")
	t.Symlink(".", "l")
	t.Symlink("f", "m")
	t.Open(t.Dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	t.Open(t.Path("l"), unix.O_RDONLY|unix.O_DIRECTORY, 0)
	for _, q := range []string{p, t.Path("m"), "/dev/null"} {
		t.Fails(unix.ENOTDIR, unix.SYS_OPENAT, unix.AT_FDCWD, q, unix.O_RDONLY|unix.O_DIRECTORY, 0)
		t.Fails(unix.ENOTDIR, unix.SYS_OPENAT, unix.AT_FDCWD, q, unix.O_RDWR|unix.O_DIRECTORY, 0)
		t.Fails(unix.ENOTDIR, unix.SYS_OPENAT, unix.AT_FDCWD, q, unix.O_PATH|unix.O_DIRECTORY, 0)
	}
	t.Fails(unix.EINVAL, unix.SYS_OPENAT, unix.AT_FDCWD, t.Path("no"), unix.O_CREAT|unix.O_DIRECTORY, 0o755)
	t.Missing(t.Path("no"))
	t.Fails(unix.EISDIR, unix.SYS_OPENAT, unix.AT_FDCWD, t.Dir, unix.O_WRONLY|unix.O_DIRECTORY, 0)
}

func openNofollow(t *T) {
	t.Mkdir("d")
	p := t.File("d/f", "abc")
	t.Symlink("d/f", "l")
	t.Symlink("d", "m")
	t.Open(p, unix.O_RDONLY|unix.O_NOFOLLOW, 0)
	t.Open(t.Path("m/f"), unix.O_RDONLY|unix.O_NOFOLLOW, 0)
	t.Open(t.Path("m/"), unix.O_RDONLY|unix.O_NOFOLLOW, 0)
	for _, flags := range []int{0, unix.O_RDWR, unix.O_CREAT, unix.O_TRUNC | unix.O_RDWR} {
		t.Fails(unix.ELOOP, unix.SYS_OPENAT, unix.AT_FDCWD, t.Path("l"), flags|unix.O_NOFOLLOW, 0o644)
	}
	t.Fails(unix.ELOOP, unix.SYS_OPENAT, unix.AT_FDCWD, t.Path("m"), unix.O_NOFOLLOW, 0)
	t.Fails(unix.ENOTDIR, unix.SYS_OPENAT, unix.AT_FDCWD, t.Path("m"), unix.O_NOFOLLOW|unix.O_DIRECTORY, 0)
	t.Holds(p, "abc")
}

func openGetfl(t *T) {
	const largefile = 0o100000 // what a 64-bit kernel adds (fs/fcntl.c:force_o_largefile)
	p := t.Path("f")
	fd := t.Open(p, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_TRUNC|unix.O_APPEND|unix.O_NONBLOCK|unix.O_NOCTTY, 0o644)
	same(t, "flags", t.Do(unix.SYS_FCNTL, fd, unix.F_GETFL), unix.O_RDWR|unix.O_APPEND|unix.O_NONBLOCK|largefile)
	dir := t.Open(t.Dir, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	same(t, "flags", t.Do(unix.SYS_FCNTL, dir, unix.F_GETFL), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|largefile)
	path := t.Open(p, unix.O_PATH|unix.O_NONBLOCK, 0)
	same(t, "flags", t.Do(unix.SYS_FCNTL, path, unix.F_GETFL), unix.O_PATH)
}

func openCloexec(t *T) {
	p := t.File("f", "")
	fd := t.Do(unix.SYS_OPENAT, unix.AT_FDCWD, p, unix.O_RDONLY, 0)
	same(t, "F_GETFD", t.Do(unix.SYS_FCNTL, fd, unix.F_GETFD), 0)
	fd = t.Do(unix.SYS_OPENAT, unix.AT_FDCWD, p, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	same(t, "F_GETFD", t.Do(unix.SYS_FCNTL, fd, unix.F_GETFD), unix.FD_CLOEXEC)
	same(t, "O_CLOEXEC in F_GETFL", t.Do(unix.SYS_FCNTL, fd, unix.F_GETFL)&unix.O_CLOEXEC, 0)
}

func openAppendFlag(t *T) {
	p := t.File("f", "abc")
	fd := t.Open(p, unix.O_RDWR|unix.O_APPEND, 0)
	same(t, "offset", t.Offset(fd), 0)
	t.Write(fd, "de")
	same(t, "offset", t.Offset(fd), 5)
	t.Do(unix.SYS_LSEEK, fd, 1, unix.SEEK_SET)
	t.Write(fd, "f")
	t.Holds(p, "abcdef")
}

func openUnknownFlags(t *T) {
	t.Open(t.File("f", ""), unix.O_RDONLY|1<<30, 0)
	t.Open(t.Path("f"), unix.O_PATH|unix.O_CREAT|unix.O_EXCL|unix.O_RDWR, 0o600)
}

func openNoatime(t *T) {
	t.Open(t.File("f", ""), unix.O_RDONLY|unix.O_NOATIME, 0)
	const foreign = "/etc/passwd"
	if t.Stat(foreign).Uid != 0 {
		t.Skipf("%s belongs to uid %d", foreign, t.Stat(foreign).Uid)
	}
	t.Fails(unix.EPERM, unix.SYS_OPENAT, unix.AT_FDCWD, foreign, unix.O_RDONLY|unix.O_NOATIME, 0)
	t.Fails(unix.EACCES, unix.SYS_OPENAT, unix.AT_FDCWD, foreign, unix.O_RDWR, 0)
	t.Fails(unix.EACCES, unix.SYS_OPENAT, unix.AT_FDCWD, foreign, unix.O_RDONLY|unix.O_TRUNC, 0)
}

func openSyncFlags(t *T) {
	fd := t.Open(t.Path("f"), unix.O_RDWR|unix.O_CREAT|unix.O_SYNC, 0o644)
	t.Write(fd, "abc")
	same(t, "O_SYNC", t.Do(unix.SYS_FCNTL, fd, unix.F_GETFL)&unix.O_SYNC, unix.O_SYNC)
	fd = t.Open(t.Path("f"), unix.O_RDWR|unix.O_DSYNC, 0)
	same(t, "O_DSYNC", t.Do(unix.SYS_FCNTL, fd, unix.F_GETFL)&unix.O_SYNC, unix.O_DSYNC)
	t.Write(fd, "d")
	t.Holds(t.Path("f"), "dbc")
}
