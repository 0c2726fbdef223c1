// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var chmodCases = []Case{
	{"chmod/all-bits", Anyone, chmodBits},
	{"chmod/forms", Anyone, chmodForms},
	{"chmod/symlink", Anyone, chmodSymlink},
	{"chmod/errors", Anyone, chmodErrors},
	{"fchmodat2/flags", Anyone, fchmodat2Flags},
	{"chmod/not-owner", User, chmodNotOwner},
	{"umask/returns-old", Anyone, umaskOld},
}

func chmodBits(t *T) {
	p, d := t.File("f", ""), t.Mkdir("d")
	for _, mode := range []uint32{0, 0o777, 0o640, 0o4755, 0o2755, 0o1644, 0o7777, 0o100644, 0o600} {
		t.Do(unix.SYS_CHMOD, p, mode)
		same(t, "mode", t.Stat(p).Mode, unix.S_IFREG|mode&0o7777)
		t.Do(unix.SYS_CHMOD, d, mode|0o700)
		same(t, "directory mode", t.Stat(d).Mode, unix.S_IFDIR|mode&0o7777|0o700)
	}
}

func chmodForms(t *T) {
	p := t.File("f", "")
	t.Do(unix.SYS_FCHMOD, t.Open(p, unix.O_RDONLY, 0), 0o600)
	same(t, "mode", t.Stat(p).Mode, unix.S_IFREG|0o600)
	dir := t.OpenDir()
	t.Do(unix.SYS_FCHMODAT, dir, "f", 0o611)
	same(t, "mode", t.Stat(p).Mode, unix.S_IFREG|0o611)
	t.Do(unix.SYS_FCHMODAT, -1, p, 0o622)
	same(t, "mode", t.Stat(p).Mode, unix.S_IFREG|0o622)
	t.Do(unix.SYS_FCHMOD, dir, 0o711)
	same(t, "mode", t.Stat(t.Dir).Mode, unix.S_IFDIR|0o711)
	t.Do(unix.SYS_FCHMOD, dir, 0o755)
	t.Do(unix.SYS_CHMOD, procFD(t.Open(p, unix.O_PATH, 0)), 0o633)
	same(t, "mode by /proc/self/fd", t.Stat(p).Mode, unix.S_IFREG|0o633)
}

func chmodSymlink(t *T) {
	p := t.File("f", "")
	l := t.Symlink("f", "l")
	t.Do(unix.SYS_CHMOD, l, 0o600)
	same(t, "mode", t.Stat(p).Mode, unix.S_IFREG|0o600)
	same(t, "mode of the link", t.Lstat(l).Mode, unix.S_IFLNK|0o777)
	t.Fails(unix.ENOENT, unix.SYS_CHMOD, t.Symlink("no", "m"), 0o600)
}

func chmodErrors(t *T) {
	p := t.File("f", "")
	t.Fails(unix.ENOENT, unix.SYS_CHMOD, t.Path("no"), 0o600)
	t.Fails(unix.ENOENT, unix.SYS_CHMOD, "", 0o600)
	t.Fails(unix.ENOTDIR, unix.SYS_CHMOD, p+"/x", 0o600)
	t.Fails(unix.EFAULT, unix.SYS_CHMOD, nil, 0o600)
	t.Fails(unix.EBADF, unix.SYS_FCHMOD, -1, 0o600)
	t.Fails(unix.EBADF, unix.SYS_FCHMODAT, -1, "f", 0o600)
	t.Fails(unix.ENOTDIR, unix.SYS_FCHMODAT, t.Open(p, unix.O_RDONLY, 0), "f", 0o600)
	t.Fails(unix.ENOENT, unix.SYS_FCHMODAT, t.OpenDir(), "", 0o600)
}

// fchmodat2, Linux 6.6, has a flags argument.
func fchmodat2Flags(t *T) {
	p := t.File("f", "")
	t.Probe([]unix.Errno{unix.ENOSYS}, unix.SYS_FCHMODAT2, t.OpenDir(), "f", 0o600, 0)
	same(t, "mode", t.Stat(p).Mode, unix.S_IFREG|0o600)
	t.Do(unix.SYS_FCHMODAT2, unix.AT_FDCWD, p, 0o640, unix.AT_SYMLINK_NOFOLLOW)
	t.Do(unix.SYS_FCHMODAT2, t.Open(p, unix.O_PATH, 0), "", 0o611, unix.AT_EMPTY_PATH)
	same(t, "mode", t.Stat(p).Mode, unix.S_IFREG|0o611)
	l := t.Symlink("f", "l")
	t.Fails(unix.EOPNOTSUPP, unix.SYS_FCHMODAT2, unix.AT_FDCWD, l, 0o600, unix.AT_SYMLINK_NOFOLLOW)
	same(t, "mode", t.Stat(p).Mode, unix.S_IFREG|0o611)
	t.Fails(unix.EINVAL, unix.SYS_FCHMODAT2, unix.AT_FDCWD, p, 0o600, 1)
	t.Fails(unix.ENOENT, unix.SYS_FCHMODAT2, t.OpenDir(), "", 0o600, 0)
}

func chmodNotOwner(t *T) {
	const foreign = "/etc/passwd"
	st := t.Stat(foreign)
	if int(st.Uid) == unix.Geteuid() {
		t.Skipf("%s belongs to uid %d", foreign, st.Uid)
	}
	t.Fails(unix.EPERM, unix.SYS_CHMOD, foreign, st.Mode&0o7777)
	t.Fails(unix.EPERM, unix.SYS_FCHMOD, t.Open(foreign, unix.O_RDONLY, 0), st.Mode&0o7777)
	t.Fails(unix.EPERM, unix.SYS_CHOWN, foreign, unix.Geteuid(), -1)
	t.Fails(unix.EPERM, unix.SYS_UTIMENSAT, unix.AT_FDCWD, foreign, &[2]unix.Timespec{}, 0)
	t.Fails(unix.EACCES, unix.SYS_UTIMENSAT, unix.AT_FDCWD, foreign, nil, 0)
	t.Fails(unix.EACCES, unix.SYS_TRUNCATE, foreign, 0)
	t.Fails(unix.EACCES, unix.SYS_UNLINK, foreign)
	t.Fails(unix.EACCES, unix.SYS_RENAME, foreign, foreign+".x")
}

func umaskOld(t *T) {
	t.Umask(0o022)
	t.Returns(0o022, unix.SYS_UMASK, 0o7077)
	t.Returns(0o077, unix.SYS_UMASK, 0o022)
	t.Returns(0o022, unix.SYS_UMASK, 0o022)
}
