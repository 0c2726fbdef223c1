// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var seekCases = []Case{
	{"lseek/whence", Anyone, lseekWhence},
	{"lseek/errors", Anyone, lseekErrors},
	{"lseek/data-hole", Anyone, lseekDataHole},
	{"lseek/shared-by-dup", Anyone, lseekShared},
	{"lseek/devices", Anyone, lseekDevices},
}

// Whence values of lseek(2) for sparse files.
const seekData, seekHole = 3, 4

func lseekWhence(t *T) {
	fd := t.Open(t.File("f", "abcdef"), unix.O_RDONLY, 0)
	t.Returns(2, unix.SYS_LSEEK, fd, 2, unix.SEEK_SET)
	t.Returns(5, unix.SYS_LSEEK, fd, 3, unix.SEEK_CUR)
	t.Returns(4, unix.SYS_LSEEK, fd, -1, unix.SEEK_CUR)
	t.Returns(1, unix.SYS_LSEEK, fd, -5, unix.SEEK_END)
	same(t, "read", t.Read(fd, 2), "bc")
	t.Returns(1006, unix.SYS_LSEEK, fd, 1000, unix.SEEK_END)
	t.Returns(1<<33, unix.SYS_LSEEK, fd, int64(1)<<33, unix.SEEK_SET)
	same(t, "size", t.Fstat(fd).Size, 6)
}

func lseekErrors(t *T) {
	fd := t.Open(t.File("f", "abc"), unix.O_RDONLY, 0)
	t.Returns(1, unix.SYS_LSEEK, fd, 1, unix.SEEK_SET)
	t.Fails(unix.EINVAL, unix.SYS_LSEEK, fd, -1, unix.SEEK_SET)
	t.Fails(unix.EINVAL, unix.SYS_LSEEK, fd, -4, unix.SEEK_END)
	t.Fails(unix.EINVAL, unix.SYS_LSEEK, fd, -2, unix.SEEK_CUR)
	t.Fails(unix.EINVAL, unix.SYS_LSEEK, fd, 0, 5)
	t.Fails(unix.EINVAL, unix.SYS_LSEEK, fd, 0, -1)
	t.Fails(unix.EBADF, unix.SYS_LSEEK, -1, 0, unix.SEEK_SET)
	same(t, "offset", t.Offset(fd), 1)
}

func lseekDataHole(t *T) {
	fd := t.Open(t.File("f", "abc"), unix.O_RDWR, 0)
	t.Returns(0, unix.SYS_LSEEK, fd, 0, seekData)
	t.Returns(1, unix.SYS_LSEEK, fd, 1, seekData)
	t.Returns(3, unix.SYS_LSEEK, fd, 0, seekHole)
	t.Fails(unix.ENXIO, unix.SYS_LSEEK, fd, 3, seekData)
	t.Fails(unix.ENXIO, unix.SYS_LSEEK, fd, 3, seekHole)
	t.Fails(unix.ENXIO, unix.SYS_LSEEK, fd, 1000, seekHole)
	t.Fails(unix.ENXIO, unix.SYS_LSEEK, fd, -1, seekData)
	// A file system may call holes data, but never data a hole.
	const far = 1 << 20
	t.Returns(1, unix.SYS_PWRITE64, fd, []byte("x"), 1, far)
	d := t.Do(unix.SYS_LSEEK, fd, 1<<16, seekData)
	t.Check(d >= 1<<16 && d <= far, "data at %d, want at most %d", d, far)
	h := t.Do(unix.SYS_LSEEK, fd, 0, seekHole)
	t.Check(h >= 3 && h <= far+1, "hole at %d", h)
	t.Returns(far, unix.SYS_LSEEK, fd, far, seekData)
	t.Returns(far+1, unix.SYS_LSEEK, fd, far, seekHole)
	same(t, "offset", t.Offset(fd), far+1)
}

func lseekShared(t *T) {
	fd := t.Open(t.File("f", "abcdef"), unix.O_RDONLY, 0)
	d := t.Do(unix.SYS_DUP, fd)
	t.Read(fd, 2)
	same(t, "offset of the duplicate", t.Offset(d), 2)
	same(t, "read", t.Read(d, 2), "cd")
	same(t, "offset", t.Offset(fd), 4)
	t.Close(fd)
	same(t, "read after close of the other", t.Read(d, 9), "ef")
}

func lseekDevices(t *T) {
	t.Returns(0, unix.SYS_LSEEK, t.Open("/dev/null", unix.O_RDONLY, 0), 5, unix.SEEK_SET)
	t.Fails(unix.ESPIPE, unix.SYS_LSEEK, t.Do(unix.SYS_SOCKET, unix.AF_UNIX, unix.SOCK_DGRAM, 0), 0, unix.SEEK_SET)
	t.Returns(0, unix.SYS_LSEEK, t.OpenDir(), 0, unix.SEEK_SET)
}
