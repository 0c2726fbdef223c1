// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

var xattrCases = []Case{
	{"xattr/set-get-remove", Anyone, xattrBasic},
	{"xattr/forms-agree", Anyone, xattrForms},
	{"xattr/sizes", Anyone, xattrSizes},
	{"xattr/create-and-replace", Anyone, xattrFlags},
	{"xattr/list", Anyone, xattrList},
	{"xattr/errors", Anyone, xattrErrors},
	{"xattr/symlink", Anyone, xattrSymlink},
	{"xattr/trusted", Root, xattrTrusted},
	{"xattr/trusted-as-user", User, xattrTrustedUser},
}

// userXattrs skips the case where path cannot have attributes of users.
func (t *T) userXattrs(path string) {
	t.Probe([]unix.Errno{unix.EOPNOTSUPP, unix.ENOSYS}, unix.SYS_SETXATTR, path, "user.probe", []byte("x"), 1, 0)
	t.Do(unix.SYS_REMOVEXATTR, path, "user.probe")
}

// xattr is the value of an attribute.
func (t *T) xattr(path, name string) string {
	b := make([]byte, 4096)
	return string(b[:t.Do(unix.SYS_GETXATTR, path, name, b, len(b))])
}

// xattrNames are the names of the user's attributes of path, in alphabetical order.
func (t *T) xattrNames(path string) (names []string) {
	b := make([]byte, 4096)
	n := t.Do(unix.SYS_LISTXATTR, path, b, len(b))
	for _, name := range bytes.Split(bytes.TrimSuffix(b[:n], []byte{0}), []byte{0}) {
		if bytes.HasPrefix(name, []byte("user.")) {
			names = append(names, string(name))
		}
	}
	slices.Sort(names)
	return names
}

func xattrBasic(t *T) {
	for _, p := range []string{t.File("f", ""), t.Mkdir("d")} {
		t.userXattrs(p)
		t.Do(unix.SYS_SETXATTR, p, "user.a", []byte("value\x00\xff"), 7, 0)
		same(t, "value", t.xattr(p, "user.a"), "value\x00\xff")
		t.Do(unix.SYS_SETXATTR, p, "user.a", []byte("new"), 3, 0)
		same(t, "value", t.xattr(p, "user.a"), "new")
		t.Do(unix.SYS_SETXATTR, p, "user.empty", nil, 0, 0)
		same(t, "value", t.xattr(p, "user.empty"), "")
		t.Do(unix.SYS_REMOVEXATTR, p, "user.a")
		t.Fails(unix.ENODATA, unix.SYS_GETXATTR, p, "user.a", make([]byte, 8), 8)
		t.Fails(unix.ENODATA, unix.SYS_REMOVEXATTR, p, "user.a")
	}
}

func xattrForms(t *T) {
	p := t.File("f", "")
	t.userXattrs(p)
	fd := t.Open(p, unix.O_RDONLY, 0)
	b := make([]byte, 16)
	t.Do(unix.SYS_LSETXATTR, p, "user.l", []byte("1"), 1, 0)
	t.Do(unix.SYS_FSETXATTR, fd, "user.f", []byte("22"), 2, 0)
	t.Returns(2, unix.SYS_LGETXATTR, p, "user.f", b, 16)
	t.Returns(1, unix.SYS_FGETXATTR, fd, "user.l", b, 16)
	want := t.Do(unix.SYS_LISTXATTR, p, nil, 0)
	t.Returns(want, unix.SYS_LLISTXATTR, p, nil, 0)
	t.Returns(want, unix.SYS_FLISTXATTR, fd, nil, 0)
	t.Do(unix.SYS_LREMOVEXATTR, p, "user.l")
	t.Do(unix.SYS_FREMOVEXATTR, fd, "user.f")
	same(t, "names left", len(t.xattrNames(p)), 0)
	t.Fails(unix.EBADF, unix.SYS_FSETXATTR, -1, "user.f", b, 1, 0)
	t.Fails(unix.EBADF, unix.SYS_FGETXATTR, -1, "user.f", b, 1)
	t.Fails(unix.EBADF, unix.SYS_FLISTXATTR, -1, b, 1)
	t.Fails(unix.EBADF, unix.SYS_FREMOVEXATTR, -1, "user.f")
}

func xattrSizes(t *T) {
	p := t.File("f", "")
	t.userXattrs(p)
	t.Do(unix.SYS_SETXATTR, p, "user.a", []byte("12345"), 5, 0)
	b := bytes.Repeat([]byte{'.'}, 8)
	t.Returns(5, unix.SYS_GETXATTR, p, "user.a", nil, 0)
	t.Fails(unix.ERANGE, unix.SYS_GETXATTR, p, "user.a", b, 4)
	t.Returns(5, unix.SYS_GETXATTR, p, "user.a", b, 5)
	same(t, "buffer", string(b), "12345...")
	n := t.Do(unix.SYS_LISTXATTR, p, nil, 0)
	t.Fails(unix.ERANGE, unix.SYS_LISTXATTR, p, b, 1)
	t.Returns(n, unix.SYS_LISTXATTR, p, make([]byte, n), n)
	big := bytes.Repeat([]byte{'v'}, 2000)
	t.Do(unix.SYS_SETXATTR, p, "user.big", big, len(big), 0)
	same(t, "value", t.xattr(p, "user.big"), string(big))
	t.Fails(unix.E2BIG, unix.SYS_SETXATTR, p, "user.huge", make([]byte, 65537), 65537, 0)
	t.Fails(unix.EFAULT, unix.SYS_SETXATTR, p, "user.b", nil, 5, 0)
	t.Fails(unix.EFAULT, unix.SYS_GETXATTR, p, "user.a", newGuarded(t, 1).behind(), 5)
}

func xattrFlags(t *T) {
	p := t.File("f", "")
	t.userXattrs(p)
	v := []byte("v")
	t.Fails(unix.ENODATA, unix.SYS_SETXATTR, p, "user.a", v, 1, unix.XATTR_REPLACE)
	t.Do(unix.SYS_SETXATTR, p, "user.a", v, 1, unix.XATTR_CREATE)
	t.Fails(unix.EEXIST, unix.SYS_SETXATTR, p, "user.a", v, 1, unix.XATTR_CREATE)
	t.Do(unix.SYS_SETXATTR, p, "user.a", []byte("w"), 1, unix.XATTR_REPLACE)
	same(t, "value", t.xattr(p, "user.a"), "w")
	t.Fails(unix.EINVAL, unix.SYS_SETXATTR, p, "user.a", v, 1, 4)
}

func xattrList(t *T) {
	p := t.File("f", "")
	t.userXattrs(p)
	names := []string{"user.a", "user.b", "user.some.longer.name"}
	for _, n := range names {
		t.Do(unix.SYS_SETXATTR, p, n, []byte(n), len(n), 0)
	}
	t.Check(slices.Equal(t.xattrNames(p), names), "names %q, want %q", t.xattrNames(p), names)
	t.Do(unix.SYS_RENAME, p, t.Path("g"))
	same(t, "value after rename", t.xattr(t.Path("g"), "user.b"), "user.b")
	t.Do(unix.SYS_LINK, t.Path("g"), p)
	same(t, "value by another link", t.xattr(p, "user.b"), "user.b")
}

func xattrErrors(t *T) {
	p := t.File("f", "")
	t.userXattrs(p)
	b := make([]byte, 8)
	t.Fails(unix.ENOENT, unix.SYS_GETXATTR, t.Path("no"), "user.a", b, 8)
	t.Fails(unix.ENOENT, unix.SYS_SETXATTR, "", "user.a", b, 1, 0)
	t.Fails(unix.ENOTDIR, unix.SYS_LISTXATTR, p+"/x", b, 8)
	t.Fails(unix.ERANGE, unix.SYS_SETXATTR, p, "", b, 1, 0)
	t.Fails(unix.ERANGE, unix.SYS_SETXATTR, p, "user."+strings.Repeat("x", 251), b, 1, 0)
	t.Fails(unix.ERANGE, unix.SYS_GETXATTR, p, "user."+strings.Repeat("x", 251), b, 8)
	t.Do(unix.SYS_SETXATTR, p, "user."+strings.Repeat("x", 250), b, 1, 0)
	if t.FS != FUSE { // a FUSE server sees every name
		t.Fails(unix.EOPNOTSUPP, unix.SYS_SETXATTR, p, "nosuch.a", b, 1, 0)
		t.Fails(unix.EOPNOTSUPP, unix.SYS_SETXATTR, p, "plain", b, 1, 0)
		t.Fails(unix.EINVAL, unix.SYS_SETXATTR, p, "user.", b, 1, 0)
	}
	t.Fails(unix.EFAULT, unix.SYS_SETXATTR, p, nil, b, 1, 0)
	t.Fails(unix.EFAULT, unix.SYS_GETXATTR, nil, "user.a", b, 8)
}

// Attributes of users exist only on files and directories.
func xattrSymlink(t *T) {
	p := t.File("f", "")
	t.userXattrs(p)
	l := t.Symlink("f", "l")
	b := []byte("v")
	t.Do(unix.SYS_SETXATTR, l, "user.a", b, 1, 0)
	same(t, "value", t.xattr(p, "user.a"), "v")
	t.Fails(unix.EPERM, unix.SYS_LSETXATTR, l, "user.a", b, 1, 0)
	t.Fails(unix.ENODATA, unix.SYS_LGETXATTR, l, "user.a", b, 1)
	t.Do(unix.SYS_MKNOD, t.Path("p"), unix.S_IFIFO|0o600, 0)
	t.Fails(unix.EPERM, unix.SYS_SETXATTR, t.Path("p"), "user.a", b, 1, 0)
}

func xattrTrusted(t *T) {
	p := t.File("f", "")
	t.Probe([]unix.Errno{unix.EOPNOTSUPP, unix.EPERM, unix.ENOSYS}, unix.SYS_SETXATTR, p, "trusted.a", []byte("v"), 1, 0)
	same(t, "value", t.xattr(p, "trusted.a"), "v")
	l := t.Symlink("no", "l")
	t.Do(unix.SYS_LSETXATTR, l, "trusted.b", []byte("w"), 1, 0)
	b := make([]byte, 8)
	t.Returns(1, unix.SYS_LGETXATTR, l, "trusted.b", b, 8)
	t.Fails(unix.ENOENT, unix.SYS_GETXATTR, l, "trusted.b", b, 8)
	t.Do(unix.SYS_REMOVEXATTR, p, "trusted.a")
}

func xattrTrustedUser(t *T) {
	p := t.File("f", "")
	t.Fails(unix.EPERM, unix.SYS_SETXATTR, p, "trusted.a", []byte("v"), 1, 0)
	t.Fails(unix.ENODATA, unix.SYS_GETXATTR, p, "trusted.a", make([]byte, 8), 8)
	t.userXattrs(p)
	t.Do(unix.SYS_SETXATTR, p, "user.a", []byte("v"), 1, 0)
	t.Do(unix.SYS_CHMOD, p, 0o200)
	t.Fails(unix.EACCES, unix.SYS_GETXATTR, p, "user.a", make([]byte, 8), 8)
	t.Do(unix.SYS_CHMOD, p, 0o400)
	t.Fails(unix.EACCES, unix.SYS_SETXATTR, p, "user.a", []byte("v"), 1, 0)
	t.Fails(unix.EACCES, unix.SYS_REMOVEXATTR, p, "user.a")
}
