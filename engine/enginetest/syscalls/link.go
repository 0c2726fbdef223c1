// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var linkCases = []Case{
	{"link/same-inode", Anyone, linkSameInode},
	{"link/errors", Anyone, linkErrors},
	{"link/symlink", Anyone, linkSymlink},
	{"linkat/flags", Anyone, linkatFlags},
	{"linkat/dirfds", Anyone, linkatDirfds},
}

func linkSameInode(t *T) {
	p := t.File("f", "abc")
	q := t.Path("g")
	t.Do(unix.SYS_LINK, p, q)
	t.SameInode(t.Stat(q), t.Stat(p))
	same(t, "links", t.Stat(p).Nlink, 2)
	t.Write(t.Open(q, unix.O_WRONLY|unix.O_APPEND, 0), "d")
	t.Holds(p, "abcd")
	t.Do(unix.SYS_CHMOD, p, 0o600)
	same(t, "mode", t.Stat(q).Mode, unix.S_IFREG|0o600)
	t.Do(unix.SYS_UNLINK, p)
	t.Holds(q, "abcd")
	same(t, "links", t.Stat(q).Nlink, 1)
}

func linkErrors(t *T) {
	p, d := t.File("f", ""), t.Mkdir("d")
	t.Symlink("no", "l")
	t.Fails(unix.EEXIST, unix.SYS_LINK, p, p)
	t.Fails(unix.EEXIST, unix.SYS_LINK, p, d)
	t.Fails(unix.EEXIST, unix.SYS_LINK, p, t.Path("l"))
	t.Fails(unix.EEXIST, unix.SYS_LINK, p, t.Path("d/."))
	t.Fails(unix.EPERM, unix.SYS_LINK, d, t.Path("e"))
	t.Fails(unix.ENOENT, unix.SYS_LINK, t.Path("no"), t.Path("g"))
	t.Fails(unix.ENOENT, unix.SYS_LINK, p, t.Path("no/g"))
	t.Fails(unix.ENOTDIR, unix.SYS_LINK, p, t.Path("f/g"))
	t.Fails(unix.ENOTDIR, unix.SYS_LINK, t.Path("f/x"), t.Path("g"))
	t.Fails(unix.ENOENT, unix.SYS_LINK, "", t.Path("g"))
	t.Fails(unix.ENOENT, unix.SYS_LINK, p, "")
	t.Fails(unix.EXDEV, unix.SYS_LINK, "/proc/version", t.Path("g"))
	t.Fails(unix.EFAULT, unix.SYS_LINK, nil, t.Path("g"))
	t.Fails(unix.EFAULT, unix.SYS_LINK, p, nil)
	same(t, "links", t.Stat(p).Nlink, 1)
}

// link does not follow a symbolic link: there are two names of the link then.
func linkSymlink(t *T) {
	t.File("f", "abc")
	l := t.Symlink("f", "l")
	t.Do(unix.SYS_LINK, l, t.Path("m"))
	t.SameInode(t.Lstat(t.Path("m")), t.Lstat(l))
	same(t, "links", t.Lstat(l).Nlink, 2)
	same(t, "links of the target", t.Stat(l).Nlink, 1)
	same(t, "target", t.readlink(t.Path("m")), "f")
}

func linkatFlags(t *T) {
	p := t.File("f", "abc")
	l := t.Symlink("f", "l")
	t.Do(unix.SYS_LINKAT, unix.AT_FDCWD, l, unix.AT_FDCWD, t.Path("g"), unix.AT_SYMLINK_FOLLOW)
	t.SameInode(t.Lstat(t.Path("g")), t.Stat(p))
	t.Fails(unix.EINVAL, unix.SYS_LINKAT, unix.AT_FDCWD, p, unix.AT_FDCWD, t.Path("h"), 1)
	t.Fails(unix.EINVAL, unix.SYS_LINKAT, unix.AT_FDCWD, p, unix.AT_FDCWD, t.Path("h"), unix.AT_SYMLINK_NOFOLLOW)
	t.Fails(unix.ENOENT, unix.SYS_LINKAT, t.Open(p, unix.O_RDONLY, 0), "", unix.AT_FDCWD, t.Path("h"), 0)
	// By descriptor: the opener's own credentials suffice since Linux 6.10.
	_, err := sys(unix.SYS_LINKAT, t.Open(p, unix.O_RDONLY, 0), "", unix.AT_FDCWD, t.Path("h"), unix.AT_EMPTY_PATH)
	if err == nil {
		t.SameInode(t.Stat(t.Path("h")), t.Stat(p))
	} else {
		t.Check(err == unix.ENOENT && !t.IsRoot(), "linkat AT_EMPTY_PATH: %v", errName(err))
	}
}

func linkatDirfds(t *T) {
	t.Mkdir("a")
	t.Mkdir("b")
	p := t.File("a/f", "abc")
	a, b := t.Open(t.Path("a"), unix.O_PATH, 0), t.Open(t.Path("b"), unix.O_RDONLY, 0)
	t.Do(unix.SYS_LINKAT, a, "f", b, "g", 0)
	t.SameInode(t.Stat(t.Path("b/g")), t.Stat(p))
	t.Do(unix.SYS_LINKAT, -1, p, b, "../h", 0)
	t.SameInode(t.Stat(t.Path("h")), t.Stat(p))
	t.Fails(unix.EBADF, unix.SYS_LINKAT, -1, "f", b, "i", 0)
	t.Fails(unix.EBADF, unix.SYS_LINKAT, a, "f", -1, "i", 0)
	t.Fails(unix.ENOTDIR, unix.SYS_LINKAT, a, "f", t.Open(p, unix.O_RDONLY, 0), "i", 0)
}
