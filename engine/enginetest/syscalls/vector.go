// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var vectorCases = []Case{
	{"readv/scatter", Anyone, readvScatter},
	{"writev/gather", Anyone, writevGather},
	{"readv/errors", Anyone, readvErrors},
	{"preadv/offsets", Anyone, preadvOffsets},
	{"preadv2/current-offset", Anyone, preadv2Current},
	{"preadv2/flags", Anyone, preadv2Flags},
	{"pwritev2/append", Anyone, pwritev2Append},
}

// iovec describes buffers to the kernel.
func iovec(bufs ...[]byte) []unix.Iovec {
	v := make([]unix.Iovec, 0, len(bufs)+1)
	for _, b := range bufs {
		i := unix.Iovec{}
		if len(b) > 0 {
			i.Base = &b[0]
		}
		i.SetLen(len(b))
		v = append(v, i)
	}
	return v
}

func readvScatter(t *T) {
	fd := t.Open(t.File("f", "abcdefg"), unix.O_RDONLY, 0)
	a, b, c := make([]byte, 2), make([]byte, 3), make([]byte, 8)
	t.Returns(7, unix.SYS_READV, fd, iovec(a, nil, b, c), 4)
	same(t, "buffers", string(a)+"|"+string(b)+"|"+string(c), "ab|cde|fg\x00\x00\x00\x00\x00\x00")
	t.Returns(0, unix.SYS_READV, fd, iovec(a), 1)
	t.Returns(0, unix.SYS_READV, fd, nil, 0)
}

func writevGather(t *T) {
	p := t.File("f", "")
	fd := t.Open(p, unix.O_RDWR, 0)
	t.Returns(6, unix.SYS_WRITEV, fd, iovec([]byte("ab"), nil, []byte("cdef")), 3)
	t.Holds(p, "abcdef")
	same(t, "offset", t.Offset(fd), 6)
	many := make([][]byte, 1024)
	for i := range many {
		many[i] = []byte{'x'}
	}
	t.Returns(1024, unix.SYS_WRITEV, fd, iovec(many...), 1024)
	same(t, "size", t.Fstat(fd).Size, 1030)
}

func readvErrors(t *T) {
	fd := t.Open(t.File("f", "abcdef"), unix.O_RDWR, 0)
	v := iovec(make([]byte, 2))
	for _, nr := range []uintptr{unix.SYS_READV, unix.SYS_WRITEV} {
		t.Fails(unix.EINVAL, nr, fd, v, -1)
		t.Fails(unix.EINVAL, nr, fd, make([]unix.Iovec, 1025), 1025)
		t.Fails(unix.EFAULT, nr, fd, nil, 1)
		t.Fails(unix.EFAULT, nr, fd, newGuarded(t, 1).behind(), 1)
		t.Fails(unix.EBADF, nr, -1, v, 1)
		t.Fails(unix.EINVAL, nr, fd, []unix.Iovec{{Base: v[0].Base, Len: 1 << 63}}, 1)
		t.Fails(unix.EFAULT, nr, fd, []unix.Iovec{{Base: nil, Len: 5}}, 1)
	}
	t.Holds(t.Path("f"), "abcdef")
}

func preadvOffsets(t *T) {
	p := t.File("f", "abcdefg")
	fd := t.Open(p, unix.O_RDWR, 0)
	a, b := make([]byte, 2), make([]byte, 3)
	t.Returns(5, unix.SYS_PREADV, fd, iovec(a, b), 2, 1, 0)
	same(t, "buffers", string(a)+"|"+string(b), "bc|def")
	t.Returns(3, unix.SYS_PWRITEV, fd, iovec([]byte("X"), []byte("YZ")), 2, 6, 0)
	t.Holds(p, "abcdefXYZ")
	same(t, "offset", t.Offset(fd), 0)
	t.Fails(unix.EINVAL, unix.SYS_PREADV, fd, iovec(a), 1, -2, 0)
	t.Fails(unix.EINVAL, unix.SYS_PWRITEV, fd, iovec(a), 1, -1, 0)
	r, w := t.pipe()
	t.Fails(unix.ESPIPE, unix.SYS_PREADV, r, iovec(a), 1, 0, 0)
	t.Fails(unix.ESPIPE, unix.SYS_PWRITEV, w, iovec(a), 1, 0, 0)
}

// Offset -1 means the file offset, which moves.
func preadv2Current(t *T) {
	p := t.File("f", "abcdef")
	fd := t.Open(p, unix.O_RDWR, 0)
	a := make([]byte, 2)
	t.Returns(2, unix.SYS_PREADV2, fd, iovec(a), 1, -1, -1, 0)
	t.Returns(2, unix.SYS_PREADV2, fd, iovec(a), 1, -1, -1, 0)
	same(t, "second read", string(a), "cd")
	t.Returns(2, unix.SYS_PREADV2, fd, iovec(a), 1, 0, 0, 0)
	same(t, "offset", t.Offset(fd), 4)
	t.Returns(1, unix.SYS_PWRITEV2, fd, iovec([]byte("X")), 1, -1, -1, 0)
	t.Holds(p, "abcdXf")
	same(t, "offset", t.Offset(fd), 5)
}

func preadv2Flags(t *T) {
	fd := t.Open(t.File("f", "abc"), unix.O_RDWR, 0)
	a := make([]byte, 2)
	for _, flag := range []int{unix.RWF_DSYNC, unix.RWF_SYNC, unix.RWF_DSYNC | unix.RWF_SYNC} {
		t.Returns(1, unix.SYS_PWRITEV2, fd, iovec([]byte("X")), 1, 0, 0, flag)
	}
	t.Returns(2, unix.SYS_PREADV2, fd, iovec(a), 1, 0, 0, unix.RWF_HIPRI)
	same(t, "read", string(a), "Xb")
	t.Fails(unix.EOPNOTSUPP, unix.SYS_PREADV2, fd, iovec(a), 1, 0, 0, 1<<20)
	t.Fails(unix.EOPNOTSUPP, unix.SYS_PWRITEV2, fd, iovec(a), 1, 0, 0, 1<<20)
	r, err := sys(unix.SYS_PREADV2, fd, iovec(a), 1, 0, 0, unix.RWF_NOWAIT)
	t.Check(r == 2 || err == unix.EAGAIN || err == unix.EOPNOTSUPP, "RWF_NOWAIT: %d, %v", r, err)
}

func pwritev2Append(t *T) {
	p := t.File("f", "abc")
	fd := t.Open(p, unix.O_RDWR, 0)
	t.Returns(1, unix.SYS_PWRITEV2, fd, iovec([]byte("d")), 1, 0, 0, unix.RWF_APPEND)
	t.Holds(p, "abcd")
	same(t, "offset", t.Offset(fd), 0)
	ap := t.Open(p, unix.O_RDWR|unix.O_APPEND, 0)
	t.Returns(1, unix.SYS_PWRITEV2, ap, iovec([]byte("e")), 1, 0, 0, 0)
	t.Holds(p, "abcde")
	if t.FS != FUSE { // the server's own descriptor may append all the same
		t.Returns(1, unix.SYS_PWRITEV2, ap, iovec([]byte("X")), 1, 0, 0, unix.RWF_NOAPPEND)
		t.Holds(p, "Xbcde")
	}
	t.Fails(unix.EINVAL, unix.SYS_PWRITEV2, ap, iovec([]byte("X")), 1, 0, 0, unix.RWF_NOAPPEND|unix.RWF_APPEND)
}
