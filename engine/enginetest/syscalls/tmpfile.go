// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var tmpfileCases = []Case{
	{"tmpfile/anonymous", Anyone, tmpfileAnonymous},
	{"tmpfile/link", Anyone, tmpfileLink},
	{"tmpfile/excl", Anyone, tmpfileExcl},
	{"tmpfile/errors", Anyone, tmpfileErrors},
}

// tmpfile opens an unnamed file; the case is skipped where there is no such thing.
func (t *T) tmpfile(flags int) int {
	return t.Probe([]unix.Errno{unix.EOPNOTSUPP, unix.EISDIR}, unix.SYS_OPENAT, unix.AT_FDCWD, t.Dir,
		unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC|flags, 0o640)
}

func tmpfileAnonymous(t *T) {
	t.Umask(0)
	fd := t.tmpfile(0)
	t.Write(fd, "abc")
	st := t.Fstat(fd)
	same(t, "mode", st.Mode, unix.S_IFREG|0o640)
	same(t, "links", st.Nlink, 0)
	same(t, "size", st.Size, 3)
	same(t, "device", st.Dev, t.Stat(t.Dir).Dev)
	same(t, "entries", len(t.names(t.Dir)), 0)
	same(t, "content by reopen", t.Read(t.Open(procFD(fd), unix.O_RDONLY, 0), 9), "abc")
}

func tmpfileLink(t *T) {
	fd := t.tmpfile(0)
	t.Write(fd, "abc")
	t.Do(unix.SYS_LINKAT, unix.AT_FDCWD, procFD(fd), unix.AT_FDCWD, t.Path("f"), unix.AT_SYMLINK_FOLLOW)
	t.Holds(t.Path("f"), "abc")
	t.SameInode(t.Stat(t.Path("f")), t.Fstat(fd))
	same(t, "links", t.Fstat(fd).Nlink, 1)
	t.Fails(unix.EEXIST, unix.SYS_LINKAT, unix.AT_FDCWD, procFD(fd), unix.AT_FDCWD, t.Path("f"), unix.AT_SYMLINK_FOLLOW)
	other := t.tmpfile(0)
	if t.IsRoot() {
		t.Do(unix.SYS_LINKAT, other, "", unix.AT_FDCWD, t.Path("g"), unix.AT_EMPTY_PATH)
		t.SameInode(t.Stat(t.Path("g")), t.Fstat(other))
	}
}

func tmpfileExcl(t *T) {
	fd := t.tmpfile(unix.O_EXCL)
	t.Fails(unix.ENOENT, unix.SYS_LINKAT, unix.AT_FDCWD, procFD(fd), unix.AT_FDCWD, t.Path("f"), unix.AT_SYMLINK_FOLLOW)
	t.Missing(t.Path("f"))
}

func tmpfileErrors(t *T) {
	t.tmpfile(0)
	const flags = unix.O_TMPFILE | unix.O_RDWR
	t.Fails(unix.ENOENT, unix.SYS_OPENAT, unix.AT_FDCWD, t.Path("no"), flags, 0o600)
	t.Fails(unix.ENOTDIR, unix.SYS_OPENAT, unix.AT_FDCWD, t.File("f", ""), flags, 0o600)
	t.Fails(unix.EINVAL, unix.SYS_OPENAT, unix.AT_FDCWD, t.Dir, unix.O_TMPFILE|unix.O_RDONLY, 0o600)
	t.Fails(unix.EINVAL, unix.SYS_OPENAT, unix.AT_FDCWD, t.Dir, flags|unix.O_CREAT, 0o600)
}
