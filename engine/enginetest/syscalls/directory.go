// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var directoryCases = []Case{
	{"mkdir/mode", Anyone, mkdirMode},
	{"mkdir/errors", Anyone, mkdirErrors},
	{"mkdirat/dirfd", Anyone, mkdiratDirfd},
	{"mkdir/setgid-is-inherited", Anyone, mkdirSetgid},
	{"rmdir/errors", Anyone, rmdirErrors},
	{"rmdir/removed-while-open", Anyone, rmdirOpen},
	{"mkdir/deep", Anyone, mkdirDeep},
}

func mkdirMode(t *T) {
	t.Umask(0o027)
	t.Do(unix.SYS_MKDIR, t.Path("a"), 0o777)
	same(t, "mode", t.Stat(t.Path("a")).Mode, unix.S_IFDIR|0o750)
	t.Umask(0)
	t.Do(unix.SYS_MKDIR, t.Path("b"), 0o1777)
	same(t, "mode", t.Stat(t.Path("b")).Mode, unix.S_IFDIR|0o1777)
	t.Do(unix.SYS_MKDIR, t.Path("c"), 0o6755)
	same(t, "mode, set-id bits ignored", t.Stat(t.Path("c")).Mode, unix.S_IFDIR|0o755)
	same(t, "uid", int(t.Stat(t.Path("c")).Uid), unix.Geteuid())
}

func mkdirErrors(t *T) {
	p := t.File("f", "")
	t.Symlink("no", "l")
	for _, q := range []string{p, t.Dir, t.Path("l"), "/", t.Path("."), t.Path(".."), t.Dir + "/"} {
		t.Fails(unix.EEXIST, unix.SYS_MKDIR, q, 0o755)
	}
	t.Fails(unix.ENOENT, unix.SYS_MKDIR, "", 0o755)
	t.Fails(unix.ENOENT, unix.SYS_MKDIR, t.Path("no/d"), 0o755)
	t.Fails(unix.ENOTDIR, unix.SYS_MKDIR, t.Path("f/d"), 0o755)
	t.Fails(unix.ENOENT, unix.SYS_MKDIR, t.Path("l/d"), 0o755)
	t.Fails(unix.EFAULT, unix.SYS_MKDIR, nil, 0o755)
	t.Fails(unix.EEXIST, unix.SYS_MKDIR, t.Path("l/"), 0o755)
	t.Missing(t.Path("no"))
}

func mkdiratDirfd(t *T) {
	dir := t.OpenDir()
	t.Do(unix.SYS_MKDIRAT, dir, "d", 0o755)
	t.Do(unix.SYS_MKDIRAT, dir, "d/../e/", 0o755)
	t.Do(unix.SYS_MKDIRAT, -1, t.Path("g"), 0o755)
	same(t, "entries", len(t.names(t.Dir)), 3)
	t.Fails(unix.EBADF, unix.SYS_MKDIRAT, -1, "d", 0o755)
	t.Fails(unix.ENOTDIR, unix.SYS_MKDIRAT, t.Open(t.File("f", ""), unix.O_RDONLY, 0), "d", 0o755)
}

func mkdirSetgid(t *T) {
	d := t.Mkdir("d")
	t.Do(unix.SYS_CHMOD, d, 0o2755)
	if t.Stat(d).Mode&unix.S_ISGID == 0 {
		t.Skipf("chmod 02755 of a directory gave mode %#o", t.Stat(d).Mode)
	}
	sub := t.Mkdir("d/e")
	same(t, "S_ISGID", t.Stat(sub).Mode&unix.S_ISGID, unix.S_ISGID)
	same(t, "gid", t.Stat(sub).Gid, t.Stat(d).Gid)
	same(t, "S_ISGID of a file", t.Stat(t.File("d/f", "")).Mode&unix.S_ISGID, 0)
}

func rmdirErrors(t *T) {
	p := t.File("f", "")
	t.Mkdir("d")
	t.Mkdir("d/e")
	t.Fails(unix.ENOTEMPTY, unix.SYS_RMDIR, t.Path("d"))
	t.Fails(unix.ENOTEMPTY, unix.SYS_RMDIR, t.Path("d/e/.."))
	t.Fails(unix.EINVAL, unix.SYS_RMDIR, t.Path("d/e/."))
	t.Fails(unix.ENOTDIR, unix.SYS_RMDIR, p)
	t.Fails(unix.ENOTDIR, unix.SYS_RMDIR, t.Path("f/x"))
	t.Fails(unix.ENOENT, unix.SYS_RMDIR, t.Path("no"))
	t.Fails(unix.ENOENT, unix.SYS_RMDIR, "")
	t.Fails(unix.EBUSY, unix.SYS_RMDIR, "/")
	t.Fails(unix.EFAULT, unix.SYS_RMDIR, nil)
	t.Do(unix.SYS_RMDIR, t.Path("d/e/"))
	t.Do(unix.SYS_RMDIR, t.Path("d"))
	t.Missing(t.Path("d"))
}

// A removed directory that is still open is empty and takes no entries.
func rmdirOpen(t *T) {
	d := t.Mkdir("d")
	fd := t.Open(d, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	t.Do(unix.SYS_RMDIR, d)
	t.Check(t.FS == FUSE || t.Fstat(fd).Nlink == 0, "removed directory has %d links", t.Fstat(fd).Nlink)
	t.Fails(unix.ENOENT, unix.SYS_OPENAT, fd, "f", unix.O_RDWR|unix.O_CREAT, 0o644)
	t.Fails(unix.ENOENT, unix.SYS_MKDIRAT, fd, "e", 0o755)
	t.Fails(unix.ENOENT, unix.SYS_OPENAT, fd, "f", unix.O_RDONLY, 0)
	t.Fails(unix.ENOENT, unix.SYS_SYMLINKAT, "x", fd, "l")
	if t.FS != FUSE {
		t.FailsAny([]unix.Errno{unix.ENOENT}, unix.SYS_GETDENTS64, fd, make([]byte, 512), 512)
	}
	t.Do(unix.SYS_FCHDIR, fd)
	t.Cleanup(func() { unix.Chdir("/") })
	t.Fails(unix.ENOENT, unix.SYS_GETCWD, make([]byte, 512), 512)
	t.Fails(unix.ENOENT, unix.SYS_OPENAT, unix.AT_FDCWD, "f", unix.O_RDWR|unix.O_CREAT, 0o644)
	t.SameInode(t.Stat("."), t.Fstat(fd))
}

func mkdirDeep(t *T) {
	const depth = 60
	p := t.Dir
	for range depth {
		p += "/directory"
		t.Do(unix.SYS_MKDIR, p, 0o755)
	}
	t.Close(t.Open(p+"/f", unix.O_RDWR|unix.O_CREAT, 0o644))
	up := p
	for range depth {
		up += "/.."
	}
	t.SameInode(t.Stat(up), t.Stat(t.Dir))
	t.Do(unix.SYS_UNLINK, p+"/f")
	for p != t.Dir {
		t.Do(unix.SYS_RMDIR, p)
		p = p[:len(p)-len("/directory")]
	}
}
