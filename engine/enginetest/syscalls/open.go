// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var openCases = []Case{
	{"open/access-modes", Anyone, openAccessModes},
	{"open/create-mode", Anyone, openCreateMode},
	{"open/create-existing", Anyone, openCreateExisting},
	{"open/create-through-dangling-link", Anyone, openCreateDangling},
	{"open/creat", Anyone, openCreat},
	{"open/missing", Anyone, openMissing},
	{"open/directory", Anyone, openDirectory},
	{"open/dirfd", Anyone, openDirfd},
	{"open/lowest-descriptor", Anyone, openLowest},
	{"open/close-twice", Anyone, openCloseTwice},
	{"open/devices", Anyone, openDevices},
	{"open/socket-file", Anyone, openSocketFile},
	{"open/offsets-are-per-open", Anyone, openOffsets},
	{"open/unlinked-stays", Anyone, openUnlinked},
}

func openAccessModes(t *T) {
	p := t.File("f", "abc")
	b := make([]byte, 4)
	for _, c := range []struct {
		flags       int
		read, write bool
	}{{unix.O_RDONLY, true, false}, {unix.O_WRONLY, false, true}, {unix.O_RDWR, true, true}} {
		fd := t.Open(p, c.flags, 0)
		same(t, "F_GETFL access mode", t.Do(unix.SYS_FCNTL, fd, unix.F_GETFL)&unix.O_ACCMODE, c.flags)
		if c.read {
			t.Returns(3, unix.SYS_READ, fd, b, 4)
			t.Returns(3, unix.SYS_PREAD64, fd, b, 4, 0)
		} else {
			t.Fails(unix.EBADF, unix.SYS_READ, fd, b, 4)
			t.Fails(unix.EBADF, unix.SYS_PREAD64, fd, b, 4, 0)
		}
		if c.write {
			t.Returns(1, unix.SYS_PWRITE64, fd, []byte("a"), 1, 0)
		} else {
			t.Fails(unix.EBADF, unix.SYS_WRITE, fd, b, 1)
			t.Fails(unix.EINVAL, unix.SYS_FTRUNCATE, fd, 0)
		}
		t.Close(fd)
	}
	t.Holds(p, "abc")
}

func openCreateMode(t *T) {
	t.Umask(0o027)
	fd := t.Open(t.Path("masked"), unix.O_CREAT|unix.O_RDWR, 0o666)
	same(t, "mode", t.Fstat(fd).Mode, unix.S_IFREG|0o640)
	t.Umask(0)
	t.Open(t.Path("all"), unix.O_CREAT|unix.O_RDWR, 0o7777)
	same(t, "mode", t.Lstat(t.Path("all")).Mode, unix.S_IFREG|0o7777)
	t.Open(t.Path("type"), unix.O_CREAT|unix.O_RDWR, unix.S_IFDIR|0o600)
	same(t, "mode, type bits ignored", t.Lstat(t.Path("type")).Mode, unix.S_IFREG|0o600)
	// The mode is for later opens: this one may write.
	ro := t.Open(t.Path("none"), unix.O_CREAT|unix.O_RDWR, 0)
	t.Write(ro, "x")
	st := t.Fstat(ro)
	same(t, "mode", st.Mode, unix.S_IFREG)
	same(t, "links", st.Nlink, 1)
	same(t, "size", st.Size, 1)
	same(t, "uid", int(st.Uid), unix.Geteuid())
}

func openCreateExisting(t *T) {
	p := t.File("f", "abc")
	before := t.Stat(p)
	t.Close(t.Open(p, unix.O_CREAT|unix.O_RDWR, 0o777))
	after := t.Stat(p)
	t.SameInode(after, before)
	same(t, "mode", after.Mode, before.Mode)
	t.Holds(p, "abc")
	t.Fails(unix.EEXIST, unix.SYS_OPENAT, unix.AT_FDCWD, p, unix.O_CREAT|unix.O_EXCL|unix.O_RDWR, 0o600)
	t.Fails(unix.EEXIST, unix.SYS_OPENAT, unix.AT_FDCWD, t.Mkdir("d"), unix.O_CREAT|unix.O_EXCL|unix.O_RDWR, 0o600)
	t.Fails(unix.EEXIST, unix.SYS_OPENAT, unix.AT_FDCWD, t.Symlink("nowhere", "l"), unix.O_CREAT|unix.O_EXCL|unix.O_RDWR, 0o600)
	t.Missing(t.Path("nowhere"))
}

func openCreateDangling(t *T) {
	l := t.Symlink("target", "l")
	t.Fails(unix.ENOENT, unix.SYS_OPENAT, unix.AT_FDCWD, l, unix.O_RDWR, 0)
	fd := t.Open(l, unix.O_CREAT|unix.O_RDWR, 0o644)
	t.SameInode(t.Lstat(t.Path("target")), t.Fstat(fd))
	t.Fails(unix.ENOENT, unix.SYS_OPENAT, unix.AT_FDCWD, t.Symlink("no/dir", "m"), unix.O_CREAT|unix.O_RDWR, 0o644)
}

func openCreat(t *T) {
	p := t.File("f", "abc")
	fd := t.Do(unix.SYS_CREAT, p, 0o600)
	same(t, "size", t.Fstat(fd).Size, 0)
	t.Fails(unix.EBADF, unix.SYS_READ, fd, make([]byte, 1), 1)
	t.Write(fd, "de")
	t.Holds(p, "de")
	same(t, "FD_CLOEXEC", t.Do(unix.SYS_FCNTL, fd, unix.F_GETFD), 0)
	t.Fails(unix.EISDIR, unix.SYS_CREAT, t.Dir, 0o600)
	t.Fails(unix.ENOENT, unix.SYS_CREAT, t.Path("no/f"), 0o600)
}

func openMissing(t *T) {
	t.File("f", "")
	for path, want := range map[string]unix.Errno{
		t.Path("no"): unix.ENOENT, t.Path("no/f"): unix.ENOENT, t.Path("f/g"): unix.ENOTDIR,
		t.Path("f/.."): unix.ENOTDIR, t.Path("f/."): unix.ENOTDIR, "": unix.ENOENT,
	} {
		t.Fails(want, unix.SYS_OPENAT, unix.AT_FDCWD, path, unix.O_RDONLY, 0)
		t.Fails(want, unix.SYS_OPENAT, unix.AT_FDCWD, path, unix.O_RDONLY|unix.O_DIRECTORY, 0)
		t.Fails(want, unix.SYS_OPENAT, unix.AT_FDCWD, path, unix.O_PATH, 0)
	}
}

func openDirectory(t *T) {
	d := t.Mkdir("d")
	for _, flags := range []int{unix.O_WRONLY, unix.O_RDWR, unix.O_RDONLY | unix.O_CREAT, unix.O_RDONLY | unix.O_TRUNC} {
		t.Fails(unix.EISDIR, unix.SYS_OPENAT, unix.AT_FDCWD, d, flags, 0o644)
	}
	fd := t.Open(d, unix.O_RDONLY, 0)
	b := make([]byte, 8)
	t.Fails(unix.EISDIR, unix.SYS_READ, fd, b, 8)
	t.Fails(unix.EISDIR, unix.SYS_PREAD64, fd, b, 8, 0)
	t.Fails(unix.EBADF, unix.SYS_WRITE, fd, b, 8)
	t.Fails(unix.EINVAL, unix.SYS_FTRUNCATE, fd, 0)
}

func openDirfd(t *T) {
	t.Mkdir("d")
	abs := t.File("d/f", "abc")
	dir := t.Open(t.Path("d"), unix.O_RDONLY|unix.O_DIRECTORY, 0)
	fd := t.Do(unix.SYS_OPENAT, dir, "f", unix.O_RDONLY, 0)
	same(t, "content", t.Read(fd, 9), "abc")
	t.SameInode(t.Fstat(t.Do(unix.SYS_OPENAT, dir, "../d/./f", unix.O_RDONLY, 0)), t.Stat(abs))
	t.Do(unix.SYS_OPENAT, -77, abs, unix.O_RDONLY, 0)
	t.Do(unix.SYS_OPENAT, fd, abs, unix.O_RDONLY, 0)
	t.Fails(unix.EBADF, unix.SYS_OPENAT, -77, "f", unix.O_RDONLY, 0)
	t.Fails(unix.EBADF, unix.SYS_OPENAT, 1<<20, "f", unix.O_RDONLY, 0)
	t.Fails(unix.ENOTDIR, unix.SYS_OPENAT, fd, "f", unix.O_RDONLY, 0)
	t.Fails(unix.ENOENT, unix.SYS_OPENAT, dir, "", unix.O_RDONLY, 0)
	t.Fails(unix.ENOENT, unix.SYS_OPENAT, -77, "", unix.O_RDONLY, 0)
}

func openLowest(t *T) {
	p := t.File("f", "")
	var fds []int
	for range 8 {
		fds = append(fds, t.Open(p, unix.O_RDONLY, 0))
	}
	for _, i := range []int{5, 1, 3} {
		t.Close(fds[i])
	}
	for _, i := range []int{1, 3, 5} {
		same(t, "descriptor", t.Open(p, unix.O_RDONLY, 0), fds[i])
	}
	t.Cleanup(func() { unix.Open("/dev/null", unix.O_RDONLY, 0) })
	t.Close(0)
	same(t, "descriptor", t.Open(p, unix.O_RDONLY, 0), 0)
	t.Close(0)
}

func openCloseTwice(t *T) {
	fd := t.Open(t.File("f", ""), unix.O_RDONLY, 0)
	t.Close(fd)
	t.Fails(unix.EBADF, unix.SYS_CLOSE, fd)
	t.Fails(unix.EBADF, unix.SYS_CLOSE, -1)
	t.Fails(unix.EBADF, unix.SYS_CLOSE, 1<<30)
}

func openDevices(t *T) {
	b := []byte("xyz")
	null := t.Open("/dev/null", unix.O_RDWR|unix.O_TRUNC, 0)
	t.Returns(3, unix.SYS_WRITE, null, b, 3)
	t.Returns(0, unix.SYS_READ, null, b, 3)
	same(t, "type", t.Fstat(null).Mode&unix.S_IFMT, unix.S_IFCHR)
	same(t, "rdev", t.Fstat(null).Rdev, unix.Mkdev(1, 3))
	t.Returns(3, unix.SYS_READ, t.Open("/dev/zero", unix.O_RDONLY, 0), b, 3)
	same(t, "/dev/zero", string(b), "\x00\x00\x00")
	t.Fails(unix.ENOSPC, unix.SYS_WRITE, t.Open("/dev/full", unix.O_WRONLY, 0), b, 3)
}

func openSocketFile(t *T) {
	s := t.Do(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	t.bindAt(s, "s")
	t.Fails(unix.ENXIO, unix.SYS_OPENAT, unix.AT_FDCWD, t.Path("s"), unix.O_RDWR, 0)
	t.Open(t.Path("s"), unix.O_PATH, 0)
}

func openOffsets(t *T) {
	p := t.File("f", "abcdef")
	a, b := t.Open(p, unix.O_RDONLY, 0), t.Open(p, unix.O_RDWR, 0)
	same(t, "first", t.Read(a, 3), "abc")
	same(t, "second", t.Read(b, 2), "ab")
	t.Write(b, "XY")
	same(t, "first again", t.Read(a, 3), "Yef")
}

func openUnlinked(t *T) {
	p := t.File("f", "abc")
	fd := t.Open(p, unix.O_RDWR, 0)
	t.Do(unix.SYS_UNLINK, p)
	t.Missing(p)
	same(t, "content", t.Read(fd, 9), "abc")
	t.Write(fd, "def")
	st := t.Fstat(fd)
	same(t, "links", st.Nlink, 0)
	same(t, "size", st.Size, 6)
	q := t.File("f", "new")
	t.Check(t.Stat(q).Ino != st.Ino, "new file has the inode number of the open one")
	t.Holds(q, "new")
	t.Do(unix.SYS_FCHMOD, fd, 0o600)
	t.Do(unix.SYS_FTRUNCATE, fd, 2)
	t.Do(unix.SYS_LSEEK, fd, 0, unix.SEEK_SET)
	same(t, "content", t.Read(fd, 9), "ab")
}
