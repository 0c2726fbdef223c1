// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var ioctlCases = []Case{
	{"ioctl/fionread", Anyone, ioctlFionread},
	{"ioctl/fionbio", Anyone, ioctlFionbio},
	{"ioctl/fioclex", Anyone, ioctlFioclex},
	{"ioctl/inode-flags", Anyone, ioctlInodeFlags},
	{"ioctl/errors", Anyone, ioctlErrors},
}

// Requests of asm-generic/ioctls.h that x/sys does not name.
const (
	fionread = 0x541b
	fioclex  = 0x5451
	fionbio  = 0x5421
	fioqsz   = 0x5460 // FIOQSIZE
)

func ioctlFionread(t *T) {
	fd := t.Open(t.File("f", "abcdef"), unix.O_RDONLY, 0)
	var n int32
	t.Do(unix.SYS_IOCTL, fd, fionread, &n)
	same(t, "bytes left", n, 6)
	t.Read(fd, 2)
	t.Do(unix.SYS_IOCTL, fd, fionread, &n)
	same(t, "bytes left", n, 4)
	t.Fails(unix.EFAULT, unix.SYS_IOCTL, fd, fionread, nil)
	r, w := t.pipe()
	t.Write(w, "xyz")
	t.Do(unix.SYS_IOCTL, r, fionread, &n)
	same(t, "bytes in the pipe", n, 3)
}

func ioctlFionbio(t *T) {
	fd := t.Open(t.File("f", ""), unix.O_RDONLY, 0)
	on, off := int32(1), int32(0)
	t.Do(unix.SYS_IOCTL, fd, fionbio, &on)
	same(t, "O_NONBLOCK", t.Do(unix.SYS_FCNTL, fd, unix.F_GETFL)&unix.O_NONBLOCK, unix.O_NONBLOCK)
	t.Do(unix.SYS_IOCTL, fd, fionbio, &off)
	same(t, "O_NONBLOCK", t.Do(unix.SYS_FCNTL, fd, unix.F_GETFL)&unix.O_NONBLOCK, 0)
	t.Fails(unix.EFAULT, unix.SYS_IOCTL, fd, fionbio, nil)
}

func ioctlFioclex(t *T) {
	fd := t.Open(t.File("f", ""), unix.O_RDONLY, 0)
	t.Do(unix.SYS_FCNTL, fd, unix.F_SETFD, 0)
	t.Do(unix.SYS_IOCTL, fd, fioclex)
	same(t, "F_GETFD", t.Do(unix.SYS_FCNTL, fd, unix.F_GETFD), unix.FD_CLOEXEC)
	t.Do(unix.SYS_IOCTL, fd, fioclex-1) // FIONCLEX
	same(t, "F_GETFD", t.Do(unix.SYS_FCNTL, fd, unix.F_GETFD), 0)
}

func ioctlInodeFlags(t *T) {
	fd := t.Open(t.File("f", ""), unix.O_RDONLY, 0)
	var flags int32
	t.Probe([]unix.Errno{unix.ENOTTY, unix.EOPNOTSUPP, unix.ENOSYS}, unix.SYS_IOCTL, fd, unix.FS_IOC_GETFLAGS, &flags)
	const nodump = 0x40 // FS_NODUMP_FL
	flags |= nodump
	t.Probe([]unix.Errno{unix.ENOTTY, unix.EOPNOTSUPP}, unix.SYS_IOCTL, fd, unix.FS_IOC_SETFLAGS, &flags)
	flags = 0
	t.Do(unix.SYS_IOCTL, fd, unix.FS_IOC_GETFLAGS, &flags)
	same(t, "nodump", flags&nodump, nodump)
}

func ioctlErrors(t *T) {
	fd := t.Open(t.File("f", ""), unix.O_RDONLY, 0)
	var w unix.Winsize
	t.Fails(unix.ENOTTY, unix.SYS_IOCTL, fd, unix.TIOCGWINSZ, &w)
	t.Fails(unix.ENOTTY, unix.SYS_IOCTL, fd, unix.TCGETS, make([]byte, 64))
	t.Fails(unix.ENOTTY, unix.SYS_IOCTL, t.OpenDir(), unix.TCGETS, make([]byte, 64))
	t.Fails(unix.ENOTTY, unix.SYS_IOCTL, fd, 0xdead, nil)
	t.Fails(unix.EBADF, unix.SYS_IOCTL, -1, fionread, &w)
	t.Fails(unix.EBADF, unix.SYS_IOCTL, 1<<20, fioclex)
	var size int64
	t.Do(unix.SYS_IOCTL, fd, fioqsz, &size)
	same(t, "FIOQSIZE", size, 0)
}
