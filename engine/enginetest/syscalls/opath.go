// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var pathOnlyCases = []Case{
	{"o-path/file", Anyone, opathFile},
	{"o-path/symlink", Anyone, opathSymlink},
	{"o-path/directory", Anyone, opathDirectory},
	{"o-path/reopen", Anyone, opathReopen},
	{"o-path/without-permission", User, opathNoPermission},
	{"o-path/dup", Anyone, opathDup},
}

func opathFile(t *T) {
	fd := t.Open(t.File("f", "abc"), unix.O_PATH, 0)
	b := make([]byte, 64)
	for _, c := range [][]any{
		{unix.SYS_READ, fd, b, 1}, {unix.SYS_WRITE, fd, b, 1}, {unix.SYS_PREAD64, fd, b, 1, 0},
		{unix.SYS_LSEEK, fd, 0, 0}, {unix.SYS_FTRUNCATE, fd, 0}, {unix.SYS_FSYNC, fd},
		{unix.SYS_FCHMOD, fd, 0o600}, {unix.SYS_FCHOWN, fd, -1, -1}, {unix.SYS_IOCTL, fd, fionread, b},
		{unix.SYS_FGETXATTR, fd, "user.a", b, 9}, {unix.SYS_FLISTXATTR, fd, b, 9},
		{unix.SYS_FLOCK, fd, unix.LOCK_SH}, {unix.SYS_GETDENTS64, fd, b, 64},
		{unix.SYS_FCNTL, fd, unix.F_SETFL, 0}, {unix.SYS_FALLOCATE, fd, 0, 0, 1},
		{unix.SYS_MMAP, nil, pageSize, unix.PROT_READ, unix.MAP_SHARED, fd, 0},
	} {
		t.Fails(unix.EBADF, uintptr(c[0].(int)), c[1:]...)
	}
	same(t, "size", t.Fstat(fd).Size, 3)
	var sfs unix.Statfs_t
	t.Do(unix.SYS_FSTATFS, fd, &sfs)
	same(t, "F_GETFD", t.Do(unix.SYS_FCNTL, fd, unix.F_GETFD), unix.FD_CLOEXEC)
}

func opathSymlink(t *T) {
	t.Symlink("nowhere", "l")
	fd := t.Open(t.Path("l"), unix.O_PATH|unix.O_NOFOLLOW, 0)
	st := t.Fstat(fd)
	same(t, "type", st.Mode&unix.S_IFMT, unix.S_IFLNK)
	same(t, "size", st.Size, 7)
	b := make([]byte, 64)
	t.Returns(7, unix.SYS_READLINKAT, fd, "", b, 64)
	same(t, "target", string(b[:7]), "nowhere")
	t.Fails(unix.ENOENT, unix.SYS_OPENAT, unix.AT_FDCWD, t.Path("l"), unix.O_PATH, 0)
	t.Fails(unix.ELOOP, unix.SYS_OPENAT, unix.AT_FDCWD, procFD(fd), unix.O_RDONLY, 0)
	t.Fails(unix.ENOTDIR, unix.SYS_OPENAT, fd, "x", unix.O_RDONLY, 0)
}

func opathDirectory(t *T) {
	t.Mkdir("d")
	t.File("d/f", "abc")
	fd := t.Open(t.Path("d"), unix.O_PATH|unix.O_DIRECTORY, 0)
	same(t, "content", t.Read(t.Do(unix.SYS_OPENAT, fd, "f", unix.O_RDONLY, 0), 9), "abc")
	t.Do(unix.SYS_MKDIRAT, fd, "e", 0o755)
	t.Do(unix.SYS_UNLINKAT, fd, "f", 0)
	t.Missing(t.Path("d/f"))
	t.Fails(unix.EBADF, unix.SYS_GETDENTS64, fd, make([]byte, 512), 512)
	t.Do(unix.SYS_FCHDIR, fd)
	t.Cleanup(func() { unix.Chdir("/") })
	same(t, "cwd", cwd(t), t.Path("d"))
}

func opathReopen(t *T) {
	p := t.File("f", "abc")
	fd := t.Open(p, unix.O_PATH, 0)
	rw := t.Open(procFD(fd), unix.O_RDWR, 0)
	t.Write(rw, "X")
	t.Holds(p, "Xbc")
	t.Do(unix.SYS_UNLINK, p)
	same(t, "content after unlink", t.Read(t.Open(procFD(fd), unix.O_RDONLY, 0), 9), "Xbc")
	t.Close(t.Open(procFD(fd), unix.O_RDWR|unix.O_TRUNC, 0))
	same(t, "size", t.Fstat(fd).Size, 0)
}

func opathNoPermission(t *T) {
	p := t.File("f", "abc")
	t.Do(unix.SYS_CHMOD, p, 0)
	t.Fails(unix.EACCES, unix.SYS_OPENAT, unix.AT_FDCWD, p, unix.O_RDONLY, 0)
	fd := t.Open(p, unix.O_PATH, 0)
	same(t, "size", t.Fstat(fd).Size, 3)
	t.Fails(unix.EACCES, unix.SYS_OPENAT, unix.AT_FDCWD, procFD(fd), unix.O_RDONLY, 0)
}

func opathDup(t *T) {
	p := t.File("f", "abc")
	fd := t.Open(p, unix.O_PATH, 0)
	for _, d := range []int{t.Do(unix.SYS_DUP, fd), t.Do(unix.SYS_FCNTL, fd, unix.F_DUPFD, 100)} {
		t.SameInode(t.Fstat(d), t.Stat(p))
		t.Fails(unix.EBADF, unix.SYS_READ, d, make([]byte, 1), 1)
		t.Close(d)
	}
}
