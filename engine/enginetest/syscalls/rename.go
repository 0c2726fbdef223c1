// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var renameCases = []Case{
	{"rename/file", Anyone, renameFile},
	{"rename/directory", Anyone, renameDirectory},
	{"rename/same-inode", Anyone, renameSame},
	{"rename/over-open-file", Anyone, renameOverOpen},
	{"rename/open-file", Anyone, renameOpen},
	{"rename/type-mismatch", Anyone, renameMismatch},
	{"rename/into-itself", Anyone, renameIntoItself},
	{"rename/symlink", Anyone, renameSymlink},
	{"rename/errors", Anyone, renameErrors},
	{"rename/slashes-and-dots", Anyone, renameSlashes},
	{"renameat/dirfds", Anyone, renameatDirfds},
}

func renameFile(t *T) {
	p, q := t.File("f", "abc"), t.Path("g")
	st := t.Stat(p)
	t.Do(unix.SYS_RENAME, p, q)
	t.Missing(p)
	t.SameInode(t.Stat(q), st)
	t.Holds(q, "abc")
	t.File("h", "other")
	t.Do(unix.SYS_RENAME, q, t.Path("h"))
	t.Holds(t.Path("h"), "abc")
	t.Missing(q)
	same(t, "links", t.Stat(t.Path("h")).Nlink, 1)
	t.Mkdir("d")
	t.Do(unix.SYS_RENAME, t.Path("h"), t.Path("d/i"))
	t.Holds(t.Path("d/i"), "abc")
}

func renameDirectory(t *T) {
	t.Mkdir("a")
	t.Mkdir("b")
	t.File("a/f", "abc")
	fd := t.Open(t.Path("a"), unix.O_RDONLY|unix.O_DIRECTORY, 0)
	t.Do(unix.SYS_RENAME, t.Path("a"), t.Path("b/c"))
	t.Holds(t.Path("b/c/f"), "abc")
	t.SameInode(t.Stat(t.Path("b/c/..")), t.Stat(t.Path("b")))
	t.Do(unix.SYS_OPENAT, fd, "f", unix.O_RDONLY, 0)
	t.SameInode(t.Fstat(t.Do(unix.SYS_OPENAT, fd, "..", unix.O_PATH, 0)), t.Stat(t.Path("b")))
	t.Mkdir("e")
	t.Do(unix.SYS_RENAME, t.Path("b/c"), t.Path("e"))
	t.Holds(t.Path("e/f"), "abc")
	t.Mkdir("g")
	t.Fails(unix.ENOTEMPTY, unix.SYS_RENAME, t.Path("g"), t.Path("e"))
	t.Check(isDirLinks(t.Stat(t.Path("b")).Nlink, 0), "links of the emptied directory: %d", t.Stat(t.Path("b")).Nlink)
}

// Two names of one inode: nothing happens, both stay.
func renameSame(t *T) {
	p, q := t.File("f", "abc"), t.Path("g")
	t.Do(unix.SYS_LINK, p, q)
	t.Do(unix.SYS_RENAME, p, q)
	t.SameInode(t.Stat(p), t.Stat(q))
	same(t, "links", t.Stat(p).Nlink, 2)
	t.Do(unix.SYS_RENAME, p, p)
	t.Holds(p, "abc")
	d := t.Mkdir("d")
	t.Do(unix.SYS_RENAME, d, d)
	t.Do(unix.SYS_RENAME, d, d+"/")
}

func renameOverOpen(t *T) {
	p, q := t.File("f", "new"), t.File("g", "old")
	fd := t.Open(q, unix.O_RDWR, 0)
	t.Do(unix.SYS_RENAME, p, q)
	t.Holds(q, "new")
	same(t, "content", t.Read(fd, 9), "old")
	same(t, "links", t.Fstat(fd).Nlink, 0)
	t.Write(fd, "er")
	t.Holds(q, "new")
}

func renameOpen(t *T) {
	p, q := t.File("f", "abc"), t.Path("g")
	fd := t.Open(p, unix.O_RDWR, 0)
	t.Do(unix.SYS_RENAME, p, q)
	t.Write(fd, "X")
	t.Holds(q, "Xbc")
	t.SameInode(t.Fstat(fd), t.Stat(q))
	same(t, "name of the descriptor", t.readlink(procFD(fd)), q)
	t.File("f", "other")
	same(t, "content", t.Read(fd, 9), "bc")
}

func renameMismatch(t *T) {
	p, d := t.File("f", ""), t.Mkdir("d")
	t.Fails(unix.EISDIR, unix.SYS_RENAME, p, d)
	t.Fails(unix.ENOTDIR, unix.SYS_RENAME, d, p)
	t.Fails(unix.ENOTDIR, unix.SYS_RENAME, d, t.Symlink("d", "l"))
	t.File("d/x", "")
	t.FailsAny([]unix.Errno{unix.EISDIR, unix.ENOTEMPTY}, unix.SYS_RENAME, p, d)
	t.FailsAny([]unix.Errno{unix.ENOTEMPTY, unix.EEXIST}, unix.SYS_RENAME, t.Path("d/x"), d)
}

func renameIntoItself(t *T) {
	t.Mkdir("d")
	t.Mkdir("d/e")
	t.Fails(unix.EINVAL, unix.SYS_RENAME, t.Path("d"), t.Path("d/x"))
	t.Fails(unix.EINVAL, unix.SYS_RENAME, t.Path("d"), t.Path("d/e"))
	t.Fails(unix.EINVAL, unix.SYS_RENAME, t.Path("d"), t.Path("d/e/x"))
	t.Fails(unix.ENOTEMPTY, unix.SYS_RENAME, t.Path("d/e"), t.Path("d"))
	t.Symlink("d/e", "l")
	t.Fails(unix.EINVAL, unix.SYS_RENAME, t.Path("d"), t.Path("l/x"))
}

func renameSymlink(t *T) {
	p := t.File("f", "abc")
	l := t.Symlink("f", "l")
	t.Do(unix.SYS_RENAME, l, t.Path("m"))
	same(t, "text", t.readlink(t.Path("m")), "f")
	t.Do(unix.SYS_RENAME, t.File("g", "new"), t.Path("m"))
	t.Holds(t.Path("m"), "new")
	t.Holds(p, "abc")
}

func renameErrors(t *T) {
	p := t.File("f", "")
	t.Fails(unix.ENOENT, unix.SYS_RENAME, t.Path("no"), t.Path("g"))
	t.Fails(unix.ENOENT, unix.SYS_RENAME, p, t.Path("no/g"))
	t.Fails(unix.ENOENT, unix.SYS_RENAME, t.Path("no/f"), t.Path("g"))
	t.Fails(unix.ENOENT, unix.SYS_RENAME, "", t.Path("g"))
	t.Fails(unix.ENOENT, unix.SYS_RENAME, p, "")
	t.Fails(unix.ENOTDIR, unix.SYS_RENAME, p, t.Path("f/g"))
	t.Fails(unix.ENOTDIR, unix.SYS_RENAME, t.Path("f/x"), t.Path("g"))
	t.Fails(unix.EXDEV, unix.SYS_RENAME, p, "/proc/x")
	t.Fails(unix.EXDEV, unix.SYS_RENAME, "/proc/version", t.Path("g"))
	t.FailsAny([]unix.Errno{unix.EBUSY, unix.EXDEV}, unix.SYS_RENAME, "/", t.Path("g"))
	t.Fails(unix.EFAULT, unix.SYS_RENAME, nil, t.Path("g"))
	t.Fails(unix.EFAULT, unix.SYS_RENAME, p, nil)
	t.Holds(p, "")
}

func renameSlashes(t *T) {
	p, d := t.File("f", ""), t.Mkdir("d")
	t.Fails(unix.ENOTDIR, unix.SYS_RENAME, p+"/", t.Path("g"))
	t.Fails(unix.ENOTDIR, unix.SYS_RENAME, p, t.Path("g/"))
	t.Fails(unix.ENOTDIR, unix.SYS_RENAME, p, t.Path("f/"))
	t.Do(unix.SYS_RENAME, d+"/", t.Path("e/"))
	t.Do(unix.SYS_RENAME, t.Path("e///"), d)
	t.Fails(unix.EBUSY, unix.SYS_RENAME, t.Path("d/."), t.Path("e"))
	t.Fails(unix.EBUSY, unix.SYS_RENAME, t.Path("d/.."), t.Path("e"))
	t.Fails(unix.EBUSY, unix.SYS_RENAME, d, t.Path("d/."))
	t.Fails(unix.EBUSY, unix.SYS_RENAME, d, t.Path(".."))
}

func renameatDirfds(t *T) {
	t.Mkdir("a")
	t.Mkdir("b")
	t.File("a/f", "abc")
	a, b := t.Open(t.Path("a"), unix.O_PATH, 0), t.Open(t.Path("b"), unix.O_RDONLY, 0)
	t.Do(unix.SYS_RENAMEAT, a, "f", b, "g")
	t.Holds(t.Path("b/g"), "abc")
	t.Do(unix.SYS_RENAMEAT, b, "../b/g", -1, t.Path("h"))
	t.Holds(t.Path("h"), "abc")
	t.Fails(unix.EBADF, unix.SYS_RENAMEAT, -1, "f", b, "g")
	t.Fails(unix.EBADF, unix.SYS_RENAMEAT, a, "f", -1, "g")
	t.Fails(unix.ENOTDIR, unix.SYS_RENAMEAT, t.Open(t.Path("h"), unix.O_RDONLY, 0), "f", b, "g")
}
