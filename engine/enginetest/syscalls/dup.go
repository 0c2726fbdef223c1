// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var dupCases = []Case{
	{"dup/lowest", Anyone, dupLowest},
	{"dup2/replaces", Anyone, dup2Replaces},
	{"dup2/same", Anyone, dup2Same},
	{"dup2/onto-standard-descriptors", Anyone, dup2Standard},
	{"dup2/high-and-low-numbers", Anyone, dup2Numbers},
	{"dup3/flags", Anyone, dup3Flags},
	{"dup/errors", Anyone, dupErrors},
	{"dup/shares-flags-not-cloexec", Anyone, dupShares},
}

func dupLowest(t *T) {
	p := t.File("f", "abc")
	a := t.Open(p, unix.O_RDONLY, 0)
	b := t.Do(unix.SYS_DUP, a)
	c := t.Do(unix.SYS_DUP, a)
	t.Check(b > a && c > b, "descriptors %d, %d, %d", a, b, c)
	t.Close(b)
	t.Returns(b, unix.SYS_DUP, c)
	same(t, "F_GETFD", t.Do(unix.SYS_FCNTL, b, unix.F_GETFD), 0)
	t.Close(a)
	same(t, "read", t.Read(b, 9), "abc")
}

func dup2Replaces(t *T) {
	a, b := t.Open(t.File("f", "abc"), unix.O_RDONLY, 0), t.Open(t.File("g", "def"), unix.O_RDONLY, 0)
	t.Returns(b, unix.SYS_DUP2, a, b)
	t.SameInode(t.Fstat(b), t.Stat(t.Path("f")))
	same(t, "read", t.Read(b, 2), "ab")
	same(t, "read", t.Read(a, 2), "c")
	// The write end of a pipe is closed by what replaces it.
	r, w := t.pipe()
	t.Returns(w, unix.SYS_DUP2, a, w)
	same(t, "read of the pipe", t.Read(r, 1), "")
}

func dup2Same(t *T) {
	fd := t.Open(t.File("f", "abc"), unix.O_RDONLY, 0)
	t.Returns(fd, unix.SYS_DUP2, fd, fd)
	same(t, "F_GETFD unchanged", t.Do(unix.SYS_FCNTL, fd, unix.F_GETFD), unix.FD_CLOEXEC)
	t.Fails(unix.EINVAL, unix.SYS_DUP3, fd, fd, 0)
	t.Fails(unix.EBADF, unix.SYS_DUP2, 150, 150)
}

func dup2Standard(t *T) {
	p := t.File("f", "abcdef")
	fd := t.Open(p, unix.O_RDWR, 0)
	keep := t.Do(unix.SYS_FCNTL, 0, unix.F_DUPFD_CLOEXEC, 10)
	t.Returns(0, unix.SYS_DUP2, fd, 0)
	same(t, "read of 0", t.Read(0, 2), "ab")
	same(t, "read", t.Read(fd, 2), "cd")
	t.Write(0, "X")
	t.Returns(0, unix.SYS_DUP2, keep, 0)
	t.Holds(p, "abcdXf")
	t.Check(t.Fstat(0).Ino != t.Fstat(fd).Ino, "0 is still the file")
}

func dup2Numbers(t *T) {
	p := t.File("f", "abcdef")
	fd := t.Open(p, unix.O_RDWR, 0)
	for _, n := range []int{20, 63, 64, 200, 239, 240, 255, 256, 900, 1000} {
		t.Returns(n, unix.SYS_DUP2, fd, n)
		t.Do(unix.SYS_LSEEK, n, 1, unix.SEEK_SET)
		same(t, "read", t.Read(n, 2), "bc")
		same(t, "offset", t.Offset(fd), 3)
		t.SameInode(t.Fstat(n), t.Stat(p))
		t.SameInode(t.Fstat(t.Open(procFD(n), unix.O_RDONLY, 0)), t.Stat(p))
		t.Close(n)
		t.Check(!isOpen(n), "descriptor %d is still open", n)
	}
}

func dup3Flags(t *T) {
	fd := t.Open(t.File("f", ""), unix.O_RDONLY, 0)
	t.Returns(100, unix.SYS_DUP3, fd, 100, unix.O_CLOEXEC)
	same(t, "F_GETFD", t.Do(unix.SYS_FCNTL, 100, unix.F_GETFD), unix.FD_CLOEXEC)
	t.Returns(100, unix.SYS_DUP3, fd, 100, 0)
	same(t, "F_GETFD", t.Do(unix.SYS_FCNTL, 100, unix.F_GETFD), 0)
	t.Fails(unix.EINVAL, unix.SYS_DUP3, fd, 101, unix.O_RDWR)
	t.Fails(unix.EINVAL, unix.SYS_DUP3, fd, 101, unix.O_NONBLOCK)
	t.Check(!isOpen(101), "descriptor 101 is open")
}

func dupErrors(t *T) {
	fd := t.Open(t.File("f", ""), unix.O_RDONLY, 0)
	t.Fails(unix.EBADF, unix.SYS_DUP, -1)
	t.Fails(unix.EBADF, unix.SYS_DUP, 1<<20)
	t.Fails(unix.EBADF, unix.SYS_DUP2, -1, 5)
	t.Fails(unix.EBADF, unix.SYS_DUP2, fd, -1)
	t.Fails(unix.EBADF, unix.SYS_DUP3, -1, 5, 0)
	t.Fails(unix.EBADF, unix.SYS_DUP3, fd, -1, 0)
	setLimit(t, unix.RLIMIT_NOFILE, 300)
	t.Fails(unix.EBADF, unix.SYS_DUP2, fd, 300)
	t.Fails(unix.EBADF, unix.SYS_DUP3, fd, 1<<20, 0)
	t.Returns(299, unix.SYS_DUP2, fd, 299)
	t.Fails(unix.EINVAL, unix.SYS_FCNTL, fd, unix.F_DUPFD, 300)
	t.Fails(unix.EMFILE, unix.SYS_FCNTL, fd, unix.F_DUPFD, 299)
}

func dupShares(t *T) {
	a := t.Open(t.File("f", "abc"), unix.O_RDWR, 0)
	b := t.Do(unix.SYS_DUP, a)
	t.Do(unix.SYS_FCNTL, b, unix.F_SETFL, unix.O_APPEND|unix.O_NONBLOCK)
	same(t, "flags", t.Do(unix.SYS_FCNTL, a, unix.F_GETFL)&(unix.O_APPEND|unix.O_NONBLOCK), unix.O_APPEND|unix.O_NONBLOCK)
	t.Do(unix.SYS_FCNTL, b, unix.F_SETFD, unix.FD_CLOEXEC)
	t.Do(unix.SYS_FCNTL, a, unix.F_SETFD, 0)
	same(t, "F_GETFD", t.Do(unix.SYS_FCNTL, b, unix.F_GETFD), unix.FD_CLOEXEC)
}
