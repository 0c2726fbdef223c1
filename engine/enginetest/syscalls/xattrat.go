// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var xattratCases = []Case{
	{"xattrat/all-calls", Anyone, xattratAll},
	{"xattrat/flags", Anyone, xattratFlags},
	{"xattrat/argument-size", Anyone, xattratSize},
}

// xattrArgs is struct xattr_args of linux/xattr.h.
type xattrArgs struct {
	value uint64
	size  uint32
	flags uint32
}

const xattrArgsSize = 16

// xattrValue describes b, which the caller keeps alive, to setxattrat and getxattrat.
func xattrValue(b []byte, flags uint32) *xattrArgs {
	return &xattrArgs{value: address(&b[0]), size: uint32(len(b)), flags: flags}
}

// xattrat skips where the calls of Linux 6.13 or the attributes do not exist.
func (t *T) xattrat(path string) {
	t.userXattrs(path)
	v := []byte("x")
	t.Probe([]unix.Errno{unix.ENOSYS}, unix.SYS_SETXATTRAT, unix.AT_FDCWD, path, 0, "user.probe", xattrValue(v, 0), xattrArgsSize)
	t.Do(unix.SYS_REMOVEXATTRAT, unix.AT_FDCWD, path, 0, "user.probe")
}

func xattratAll(t *T) {
	p := t.File("f", "")
	t.xattrat(p)
	dir, fd := t.OpenDir(), t.Open(p, unix.O_RDONLY, 0)
	v, b := []byte("value"), make([]byte, 16)
	t.Returns(0, unix.SYS_SETXATTRAT, dir, "f", 0, "user.a", xattrValue(v, unix.XATTR_CREATE), xattrArgsSize)
	same(t, "value", t.xattr(p, "user.a"), "value")
	t.Fails(unix.EEXIST, unix.SYS_SETXATTRAT, dir, "f", 0, "user.a", xattrValue(v, unix.XATTR_CREATE), xattrArgsSize)
	t.Returns(5, unix.SYS_GETXATTRAT, dir, "f", 0, "user.a", xattrValue(b, 0), xattrArgsSize)
	same(t, "value", string(b[:5]), "value")
	t.Returns(5, unix.SYS_GETXATTRAT, fd, "", unix.AT_EMPTY_PATH, "user.a", &xattrArgs{}, xattrArgsSize)
	t.Fails(unix.ERANGE, unix.SYS_GETXATTRAT, dir, "f", 0, "user.a", xattrValue(b[:2], 0), xattrArgsSize)
	n := t.Do(unix.SYS_LISTXATTR, p, nil, 0)
	t.Returns(n, unix.SYS_LISTXATTRAT, dir, "f", 0, nil, 0)
	t.Returns(n, unix.SYS_LISTXATTRAT, fd, "", unix.AT_EMPTY_PATH, make([]byte, n), n)
	t.Returns(0, unix.SYS_REMOVEXATTRAT, fd, "", unix.AT_EMPTY_PATH, "user.a")
	t.Fails(unix.ENODATA, unix.SYS_REMOVEXATTRAT, dir, "f", 0, "user.a")
}

func xattratFlags(t *T) {
	p := t.File("f", "")
	t.xattrat(p)
	l := t.Symlink("f", "l")
	v := []byte("v")
	t.Fails(unix.EPERM, unix.SYS_SETXATTRAT, unix.AT_FDCWD, l, unix.AT_SYMLINK_NOFOLLOW, "user.a", xattrValue(v, 0), xattrArgsSize)
	t.Do(unix.SYS_SETXATTRAT, unix.AT_FDCWD, l, 0, "user.a", xattrValue(v, 0), xattrArgsSize)
	same(t, "value", t.xattr(p, "user.a"), "v")
	t.Fails(unix.EINVAL, unix.SYS_SETXATTRAT, unix.AT_FDCWD, p, 1, "user.a", xattrValue(v, 0), xattrArgsSize)
	t.Fails(unix.EINVAL, unix.SYS_GETXATTRAT, unix.AT_FDCWD, p, 0, "user.a", xattrValue(v, 1), xattrArgsSize)
	t.Fails(unix.EINVAL, unix.SYS_LISTXATTRAT, unix.AT_FDCWD, p, 1, nil, 0)
	t.Fails(unix.EINVAL, unix.SYS_REMOVEXATTRAT, unix.AT_FDCWD, p, 1, "user.a")
	t.Fails(unix.EBADF, unix.SYS_GETXATTRAT, -1, "f", 0, "user.a", xattrValue(v, 0), xattrArgsSize)
	t.Fails(unix.ENOENT, unix.SYS_GETXATTRAT, t.OpenDir(), "", 0, "user.a", xattrValue(v, 0), xattrArgsSize)
	t.Fails(unix.ENOENT, unix.SYS_REMOVEXATTRAT, unix.AT_FDCWD, t.Path("no"), 0, "user.a")
}

func xattratSize(t *T) {
	p := t.File("f", "")
	t.xattrat(p)
	v := []byte("v")
	longer := append(bytesOf(xattrValue(v, 0)), make([]byte, 16)...)
	t.Do(unix.SYS_SETXATTRAT, unix.AT_FDCWD, p, 0, "user.a", longer, xattrArgsSize+16)
	longer[xattrArgsSize] = 1
	t.Fails(unix.E2BIG, unix.SYS_SETXATTRAT, unix.AT_FDCWD, p, 0, "user.a", longer, xattrArgsSize+16)
	t.Fails(unix.EINVAL, unix.SYS_SETXATTRAT, unix.AT_FDCWD, p, 0, "user.a", longer, xattrArgsSize-1)
	t.Fails(unix.E2BIG, unix.SYS_SETXATTRAT, unix.AT_FDCWD, p, 0, "user.a", longer, pageSize+1)
	t.Fails(unix.EFAULT, unix.SYS_SETXATTRAT, unix.AT_FDCWD, p, 0, "user.a", nil, xattrArgsSize)
	same(t, "value", t.xattr(p, "user.a"), string(v))
}
