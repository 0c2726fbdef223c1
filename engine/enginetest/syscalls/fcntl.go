// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var fcntlCases = []Case{
	{"fcntl/dupfd", Anyone, fcntlDupfd},
	{"fcntl/dupfd-minimum", Anyone, fcntlDupfdMinimum},
	{"fcntl/descriptor-flags", Anyone, fcntlGetfd},
	{"fcntl/status-flags", Anyone, fcntlSetfl},
	{"fcntl/dupfd-query", Anyone, fcntlQuery},
	{"fcntl/lease-owner-and-pipe-size", Anyone, fcntlOther},
	{"fcntl/errors", Anyone, fcntlErrors},
	{"fcntl/sealed-memfd", Anyone, fcntlSeals},
}

func fcntlDupfd(t *T) {
	p := t.File("f", "abc")
	fd := t.Open(p, unix.O_RDONLY, 0)
	t.Returns(100, unix.SYS_FCNTL, fd, unix.F_DUPFD, 100)
	t.Returns(101, unix.SYS_FCNTL, fd, unix.F_DUPFD, 100)
	t.Returns(102, unix.SYS_FCNTL, fd, unix.F_DUPFD_CLOEXEC, 100)
	same(t, "F_GETFD", t.Do(unix.SYS_FCNTL, 100, unix.F_GETFD), 0)
	same(t, "F_GETFD", t.Do(unix.SYS_FCNTL, 102, unix.F_GETFD), unix.FD_CLOEXEC)
	same(t, "read", t.Read(102, 9), "abc")
	t.Fails(unix.EINVAL, unix.SYS_FCNTL, fd, unix.F_DUPFD, -1)
	t.Fails(unix.EINVAL, unix.SYS_FCNTL, fd, unix.F_DUPFD, 1<<30)
	t.Fails(unix.EBADF, unix.SYS_FCNTL, -1, unix.F_DUPFD, 100)
}

// What shells and debuggers move out of a program's way goes to a number that is not less than they say.
func fcntlDupfdMinimum(t *T) {
	p := t.File("f", "abc")
	files := []int{t.Open(p, unix.O_RDONLY, 0), t.Open(p, unix.O_RDWR, 0)}
	t.Do(unix.SYS_CLOSE, 0)
	for _, fd := range files {
		for _, from := range []int{1, 3, 10, 250, 500, 800, 1000, 1023} {
			n := t.Do(unix.SYS_FCNTL, fd, unix.F_DUPFD, from)
			t.Check(n >= from, "F_DUPFD from %d: %d", from, n)
			t.Returns(3, unix.SYS_PREAD64, n, make([]byte, 9), 9, 0)
			t.Do(unix.SYS_CLOSE, n)
		}
	}
}

func fcntlGetfd(t *T) {
	fd := t.Open(t.File("f", ""), unix.O_RDONLY, 0)
	t.Do(unix.SYS_FCNTL, fd, unix.F_SETFD, 0)
	same(t, "F_GETFD", t.Do(unix.SYS_FCNTL, fd, unix.F_GETFD), 0)
	t.Do(unix.SYS_FCNTL, fd, unix.F_SETFD, unix.FD_CLOEXEC|64)
	same(t, "F_GETFD", t.Do(unix.SYS_FCNTL, fd, unix.F_GETFD), unix.FD_CLOEXEC)
}

// F_SETFL changes only O_APPEND, O_ASYNC, O_DIRECT, O_NOATIME and O_NONBLOCK.
func fcntlSetfl(t *T) {
	fd := t.Open(t.File("f", "abc"), unix.O_RDONLY, 0)
	before := t.Do(unix.SYS_FCNTL, fd, unix.F_GETFL)
	t.Do(unix.SYS_FCNTL, fd, unix.F_SETFL, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CREAT|unix.O_TRUNC|unix.O_SYNC)
	same(t, "flags", t.Do(unix.SYS_FCNTL, fd, unix.F_GETFL), before|unix.O_NONBLOCK)
	same(t, "read", t.Read(fd, 9), "abc")
	t.Do(unix.SYS_FCNTL, fd, unix.F_SETFL, 0)
	same(t, "flags", t.Do(unix.SYS_FCNTL, fd, unix.F_GETFL), before)
	t.Do(unix.SYS_FCNTL, fd, unix.F_SETFL, unix.O_NOATIME)
	same(t, "flags", t.Do(unix.SYS_FCNTL, fd, unix.F_GETFL), before|unix.O_NOATIME)
}

func fcntlQuery(t *T) {
	p := t.File("f", "")
	a, b := t.Open(p, unix.O_RDONLY, 0), t.Open(p, unix.O_RDONLY, 0)
	d := t.Do(unix.SYS_DUP, a)
	t.Probe([]unix.Errno{unix.EINVAL}, unix.SYS_FCNTL, a, unix.F_DUPFD_QUERY, a)
	t.Returns(1, unix.SYS_FCNTL, a, unix.F_DUPFD_QUERY, d)
	t.Returns(0, unix.SYS_FCNTL, a, unix.F_DUPFD_QUERY, b)
	t.Fails(unix.EBADF, unix.SYS_FCNTL, a, unix.F_DUPFD_QUERY, -1)
}

func fcntlOther(t *T) {
	fd := t.Open(t.File("f", ""), unix.O_RDONLY, 0)
	same(t, "lease", t.Do(unix.SYS_FCNTL, fd, unix.F_GETLEASE), unix.F_UNLCK)
	t.Do(unix.SYS_FCNTL, fd, unix.F_SETOWN, unix.Getpid())
	t.Returns(unix.Getpid(), unix.SYS_FCNTL, fd, unix.F_GETOWN)
	r, _ := t.pipe()
	n := t.Do(unix.SYS_FCNTL, r, unix.F_GETPIPE_SZ)
	t.Check(n >= pageSize, "pipe of %d bytes", n)
	t.Fails(unix.EBADF, unix.SYS_FCNTL, fd, unix.F_GETPIPE_SZ)
}

func fcntlErrors(t *T) {
	fd := t.Open(t.File("f", ""), unix.O_RDONLY, 0)
	t.Fails(unix.EINVAL, unix.SYS_FCNTL, fd, 9999)
	t.Fails(unix.EBADF, unix.SYS_FCNTL, -1, 9999)
	t.Fails(unix.EBADF, unix.SYS_FCNTL, -1, unix.F_GETFD)
	t.Fails(unix.EBADF, unix.SYS_FCNTL, 1<<20, unix.F_GETFL)
	t.Fails(unix.EFAULT, unix.SYS_FCNTL, fd, unix.F_GETLK, nil)
	if t.FS != FUSE {
		t.Fails(unix.EINVAL, unix.SYS_FCNTL, t.Open("/dev/null", unix.O_RDWR, 0), unix.F_GET_SEALS)
	}
}

func fcntlSeals(t *T) {
	fd := t.Do(unix.SYS_MEMFD_CREATE, "m", unix.MFD_ALLOW_SEALING|unix.MFD_CLOEXEC)
	t.Write(fd, "abc")
	t.Do(unix.SYS_FCNTL, fd, unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW)
	t.Returns(unix.F_SEAL_SHRINK|unix.F_SEAL_GROW, unix.SYS_FCNTL, fd, unix.F_GET_SEALS)
	t.Fails(unix.EPERM, unix.SYS_FTRUNCATE, fd, 0)
	same(t, "name", t.readlink(procFD(fd)), "/memfd:m (deleted)")
	same(t, "content by reopen", t.Read(t.Open(procFD(fd), unix.O_RDONLY, 0), 9), "abc")
}
