// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var utimeCases = []Case{
	{"utimensat/values", Anyone, utimensatValues},
	{"utimensat/now-and-omit", Anyone, utimensatNow},
	{"utimensat/symlink", Anyone, utimensatSymlink},
	{"utimensat/descriptor", Anyone, utimensatDescriptor},
	{"utimensat/errors", Anyone, utimensatErrors},
	{"utime/old-forms", Anyone, utimeOld},
	{"utimensat/as-user", User, utimensatUser},
}

// nsec is ns, or 0 where the file system may not keep fractions of a second.
func (t *T) nsec(ns int64) int64 {
	if t.FS == FUSE {
		return 0
	}
	return ns
}

func utimensatValues(t *T) {
	p := t.File("f", "")
	for _, sec := range []int64{0, 1, past, 1<<31 - 1, 4_000_000_000} {
		ts := [2]unix.Timespec{{Sec: sec, Nsec: t.nsec(123_456_789)}, {Sec: sec + 5, Nsec: t.nsec(999_999_999)}}
		t.Do(unix.SYS_UTIMENSAT, unix.AT_FDCWD, p, &ts, 0)
		st := t.Stat(p)
		same(t, "atime", st.Atim, ts[0])
		same(t, "mtime", st.Mtim, ts[1])
		t.Check(st.Ctim.Sec > 1_600_000_000, "ctime is %d", st.Ctim.Sec)
	}
}

func utimensatNow(t *T) {
	p := t.File("f", "")
	t.age(p)
	t.Do(unix.SYS_UTIMENSAT, unix.AT_FDCWD, p, &[2]unix.Timespec{{Sec: 9, Nsec: unix.UTIME_OMIT}, {Sec: 7}}, 0)
	same(t, "atime omitted", t.Stat(p).Atim.Sec, past)
	same(t, "mtime", t.Stat(p).Mtim.Sec, 7)
	t.Do(unix.SYS_UTIMENSAT, unix.AT_FDCWD, p, &[2]unix.Timespec{{Nsec: unix.UTIME_NOW}, {Nsec: unix.UTIME_OMIT}}, 0)
	t.Check(t.Stat(p).Atim.Sec > past, "UTIME_NOW gives %d", t.Stat(p).Atim.Sec)
	same(t, "mtime omitted", t.Stat(p).Mtim.Sec, 7)
	before := t.Stat(p)
	t.Do(unix.SYS_UTIMENSAT, unix.AT_FDCWD, p, &[2]unix.Timespec{{Nsec: unix.UTIME_OMIT}, {Nsec: unix.UTIME_OMIT}}, 0)
	same(t, "status after omitting both", t.Stat(p), before)
	t.age(p)
	t.Do(unix.SYS_UTIMENSAT, unix.AT_FDCWD, p, nil, 0)
	st := t.Stat(p)
	t.Check(st.Atim.Sec > past && st.Mtim.Sec > past, "NULL gives %d, %d", st.Atim.Sec, st.Mtim.Sec)
}

func utimensatSymlink(t *T) {
	p, l := t.File("f", ""), t.Symlink("f", "l")
	t.Do(unix.SYS_UTIMENSAT, unix.AT_FDCWD, l, &[2]unix.Timespec{{Sec: 5}, {Sec: 6}}, unix.AT_SYMLINK_NOFOLLOW)
	same(t, "mtime of the link", t.Lstat(l).Mtim.Sec, 6)
	t.Check(t.Stat(p).Mtim.Sec != 6, "the target was changed")
	t.Do(unix.SYS_UTIMENSAT, unix.AT_FDCWD, l, &[2]unix.Timespec{{Sec: 7}, {Sec: 8}}, 0)
	same(t, "mtime", t.Stat(p).Mtim.Sec, 8)
	same(t, "mtime of the link", t.Lstat(l).Mtim.Sec, 6)
}

func utimensatDescriptor(t *T) {
	p := t.File("f", "")
	fd := t.Open(p, unix.O_RDONLY, 0)
	t.Do(unix.SYS_UTIMENSAT, fd, nil, &[2]unix.Timespec{{Sec: 5}, {Sec: 6}}, 0)
	same(t, "mtime", t.Fstat(fd).Mtim.Sec, 6)
	t.Do(unix.SYS_UTIMENSAT, t.OpenDir(), "f", &[2]unix.Timespec{{Sec: 7}, {Sec: 8}}, 0)
	same(t, "mtime", t.Fstat(fd).Mtim.Sec, 8)
	t.Do(unix.SYS_UTIMENSAT, t.Open(p, unix.O_PATH, 0), "", &[2]unix.Timespec{{Sec: 1}, {Sec: 2}}, unix.AT_EMPTY_PATH)
	same(t, "mtime", t.Fstat(fd).Mtim.Sec, 2)
	t.Fails(unix.EBADF, unix.SYS_UTIMENSAT, t.Open(p, unix.O_PATH, 0), nil, nil, 0)
	t.Fails(unix.EBADF, unix.SYS_UTIMENSAT, -1, nil, nil, 0)
	t.Fails(unix.EFAULT, unix.SYS_UTIMENSAT, unix.AT_FDCWD, nil, nil, 0)
}

func utimensatErrors(t *T) {
	p := t.File("f", "")
	t.Fails(unix.ENOENT, unix.SYS_UTIMENSAT, unix.AT_FDCWD, t.Path("no"), nil, 0)
	t.Fails(unix.ENOENT, unix.SYS_UTIMENSAT, unix.AT_FDCWD, "", nil, 0)
	t.Fails(unix.ENOTDIR, unix.SYS_UTIMENSAT, unix.AT_FDCWD, p+"/x", nil, 0)
	t.Fails(unix.EINVAL, unix.SYS_UTIMENSAT, unix.AT_FDCWD, p, nil, 1)
	t.Fails(unix.EINVAL, unix.SYS_UTIMENSAT, unix.AT_FDCWD, p, &[2]unix.Timespec{{Nsec: 1_000_000_000}, {}}, 0)
	t.Fails(unix.EINVAL, unix.SYS_UTIMENSAT, unix.AT_FDCWD, p, &[2]unix.Timespec{{}, {Nsec: -1}}, 0)
	t.Fails(unix.EBADF, unix.SYS_UTIMENSAT, -1, "f", nil, 0)
	t.Fails(unix.EFAULT, unix.SYS_UTIMENSAT, unix.AT_FDCWD, p, uintptr(1), 0)
}

func utimeOld(t *T) {
	p := t.File("f", "")
	t.Do(unix.SYS_UTIME, p, &[2]int64{100, 200})
	same(t, "utime atime", t.Stat(p).Atim, unix.Timespec{Sec: 100})
	same(t, "utime mtime", t.Stat(p).Mtim, unix.Timespec{Sec: 200})
	tv := [2]unix.Timeval{{Sec: 300, Usec: t.nsec(5)}, {Sec: 400, Usec: t.nsec(999_999)}}
	t.Do(unix.SYS_UTIMES, p, &tv)
	same(t, "utimes mtime", t.Stat(p).Mtim, unix.Timespec{Sec: 400, Nsec: t.nsec(999_999_000)})
	tv[1].Sec = 500
	t.Do(unix.SYS_FUTIMESAT, t.OpenDir(), "f", &tv)
	same(t, "futimesat mtime", t.Stat(p).Mtim.Sec, 500)
	t.Fails(unix.EINVAL, unix.SYS_UTIMES, p, &[2]unix.Timeval{{Usec: 1_000_000}, {}})
	t.Fails(unix.ENOENT, unix.SYS_UTIME, t.Path("no"), nil)
	t.Fails(unix.ENOENT, unix.SYS_UTIMES, t.Path("no"), nil)
	t.Do(unix.SYS_UTIME, p, nil)
	t.Check(t.Stat(p).Mtim.Sec > past, "utime NULL gives %d", t.Stat(p).Mtim.Sec)
	t.age(p)
	t.Do(unix.SYS_UTIMES, p, nil)
	t.touched("utimes NULL", p, true)
}

// The owner may set times of a file he may not write.
func utimensatUser(t *T) {
	p := t.File("f", "")
	t.Do(unix.SYS_CHMOD, p, 0o400)
	t.age(p)
	t.touched("the owner", p, false)
	t.Do(unix.SYS_UTIMENSAT, unix.AT_FDCWD, p, nil, 0)
	t.touched("the owner", p, true)
}
