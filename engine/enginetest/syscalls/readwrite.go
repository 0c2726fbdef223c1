// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"bytes"
	"os/signal"

	"golang.org/x/sys/unix"
)

var readWriteCases = []Case{
	{"read/across-eof", Anyone, readAcrossEOF},
	{"read/zero-length", Anyone, readZero},
	{"read/errors", Anyone, readErrors},
	{"write/errors", Anyone, writeErrors},
	{"write/extends", Anyone, writeExtends},
	{"write/large", Anyone, writeLarge},
	{"write/file-size-limit", Anyone, writeLimit},
	{"pread/offset-untouched", Anyone, preadOffset},
	{"pwrite/hole", Anyone, pwriteHole},
	{"pwrite/errors", Anyone, pwriteErrors},
}

func readAcrossEOF(t *T) {
	fd := t.Open(t.File("f", "abcdef"), unix.O_RDONLY, 0)
	b := bytes.Repeat([]byte{'.'}, 8)
	t.Returns(4, unix.SYS_READ, fd, b, 4)
	t.Returns(2, unix.SYS_READ, fd, b, 8)
	same(t, "buffer", string(b), "efcd....")
	t.Returns(0, unix.SYS_READ, fd, b, 8)
	same(t, "offset", t.Offset(fd), 6)
	t.Returns(1, unix.SYS_PREAD64, fd, b, 8, 5)
	t.Returns(0, unix.SYS_PREAD64, fd, b, 8, 6)
	t.Returns(0, unix.SYS_PREAD64, fd, b, 8, 1<<40)
	t.Do(unix.SYS_LSEEK, fd, 100, unix.SEEK_SET)
	t.Returns(0, unix.SYS_READ, fd, b, 8)
	same(t, "offset", t.Offset(fd), 100)
}

func readZero(t *T) {
	fd := t.Open(t.File("f", "abc"), unix.O_RDWR, 0)
	t.Returns(0, unix.SYS_READ, fd, nil, 0)
	t.Returns(0, unix.SYS_WRITE, fd, nil, 0)
	t.Returns(0, unix.SYS_PREAD64, fd, nil, 0, 1)
	t.Returns(0, unix.SYS_PWRITE64, fd, nil, 0, 100)
	same(t, "offset", t.Offset(fd), 0)
	same(t, "size", t.Fstat(fd).Size, 3)
}

func readErrors(t *T) {
	fd := t.Open(t.File("f", "abc"), unix.O_RDONLY, 0)
	b := make([]byte, 8)
	t.Fails(unix.EBADF, unix.SYS_READ, -1, b, 8)
	t.Fails(unix.EBADF, unix.SYS_READ, 1<<20, b, 8)
	t.Fails(unix.EBADF, unix.SYS_WRITE, fd, b, 8)
	t.Fails(unix.EBADF, unix.SYS_WRITE, fd, b, 0)
	t.Fails(unix.EFAULT, unix.SYS_READ, fd, nil, 8)
	same(t, "offset", t.Offset(fd), 0)
	t.Fails(unix.EINVAL, unix.SYS_PREAD64, fd, b, 8, -1)
	t.Fails(unix.EBADF, unix.SYS_PREAD64, -1, b, 8, 0)
	// A buffer that ends early is filled as far as it goes.
	g := newGuarded(t, 1)
	t.Returns(2, unix.SYS_READ, fd, g.last(2), 2)
	same(t, "read", string(g.last(2)), "ab")
	t.Fails(unix.EFAULT, unix.SYS_READ, fd, g.behind(), 1)
	same(t, "rest", t.Read(fd, 9), "c")
}

func writeErrors(t *T) {
	p := t.File("f", "abc")
	fd := t.Open(p, unix.O_WRONLY, 0)
	b := make([]byte, 8)
	t.Fails(unix.EBADF, unix.SYS_READ, fd, b, 8)
	t.Fails(unix.EBADF, unix.SYS_WRITE, -1, b, 8)
	t.Fails(unix.EFAULT, unix.SYS_WRITE, fd, nil, 8)
	t.Fails(unix.EFAULT, unix.SYS_WRITE, fd, newGuarded(t, 1).behind(), 8)
	t.Fails(unix.EBADF, unix.SYS_WRITE, t.OpenDir(), b, 8)
	same(t, "offset", t.Offset(fd), 0)
	t.Holds(p, "abc")
}

func writeExtends(t *T) {
	p := t.File("f", "abc")
	fd := t.Open(p, unix.O_RDWR, 0)
	t.Do(unix.SYS_LSEEK, fd, 2, unix.SEEK_SET)
	t.Write(fd, "XY")
	same(t, "offset", t.Offset(fd), 4)
	same(t, "size", t.Fstat(fd).Size, 4)
	t.Do(unix.SYS_LSEEK, fd, 10, unix.SEEK_SET)
	same(t, "size after lseek", t.Fstat(fd).Size, 4)
	t.Write(fd, "Z")
	t.Holds(p, "abXY\x00\x00\x00\x00\x00\x00Z")
}

func writeLarge(t *T) {
	p := t.Path("f")
	fd := t.Open(p, unix.O_RDWR|unix.O_CREAT, 0o644)
	b := make([]byte, 3<<20+17)
	for i := range b {
		b[i] = byte(i * 7 / 3)
	}
	t.Returns(len(b), unix.SYS_WRITE, fd, b, len(b))
	got := make([]byte, len(b)+9)
	t.Returns(len(b), unix.SYS_PREAD64, fd, got, len(got), 0)
	t.Check(bytes.Equal(got[:len(b)], b), "3 MiB read back differ from what was written")
	st := t.Fstat(fd)
	same(t, "size", st.Size, int64(len(b)))
	t.Check(st.Blocks*512 >= st.Size || t.FS == FUSE, "%d blocks of 512 bytes for %d bytes", st.Blocks, st.Size)
}

// At the limit a write is cut short, then fails with EFBIG and SIGXFSZ.
func writeLimit(t *T) {
	signal.Ignore(unix.SIGXFSZ)
	fd := t.Open(t.File("f", "abc"), unix.O_RDWR, 0)
	setLimit(t, unix.RLIMIT_FSIZE, 10)
	b := make([]byte, 8)
	t.Returns(8, unix.SYS_WRITE, fd, b, 8)
	t.Returns(2, unix.SYS_WRITE, fd, b, 8)
	t.Fails(unix.EFBIG, unix.SYS_WRITE, fd, b, 8)
	t.Fails(unix.EFBIG, unix.SYS_PWRITE64, fd, b, 8, 10)
	t.Returns(1, unix.SYS_PWRITE64, fd, b, 8, 9)
	t.Fails(unix.EFBIG, unix.SYS_FTRUNCATE, fd, 11)
	t.Fails(unix.EFBIG, unix.SYS_TRUNCATE, t.Path("f"), 11)
	t.Do(unix.SYS_FTRUNCATE, fd, 10)
	same(t, "size", t.Fstat(fd).Size, 10)
}

func preadOffset(t *T) {
	fd := t.Open(t.File("f", "abcdef"), unix.O_RDWR, 0)
	t.Read(fd, 1)
	b := make([]byte, 2)
	t.Returns(2, unix.SYS_PREAD64, fd, b, 2, 3)
	same(t, "pread", string(b), "de")
	t.Returns(2, unix.SYS_PWRITE64, fd, []byte("XY"), 2, 4)
	same(t, "offset", t.Offset(fd), 1)
	same(t, "read", t.Read(fd, 9), "bcdXY")
}

func pwriteHole(t *T) {
	p := t.Path("f")
	fd := t.Open(p, unix.O_RDWR|unix.O_CREAT, 0o644)
	t.Returns(1, unix.SYS_PWRITE64, fd, []byte("x"), 1, 1<<20)
	same(t, "size", t.Fstat(fd).Size, 1<<20+1)
	same(t, "offset", t.Offset(fd), 0)
	b := bytes.Repeat([]byte{1}, 4096)
	t.Returns(4096, unix.SYS_PREAD64, fd, b, 4096, 1<<20-8192)
	t.Check(bytes.Equal(b, make([]byte, 4096)), "a hole does not read as zeros")
}

func pwriteErrors(t *T) {
	r, w := t.pipe()
	b := make([]byte, 1)
	t.Fails(unix.ESPIPE, unix.SYS_PREAD64, r, b, 1, 0)
	t.Fails(unix.ESPIPE, unix.SYS_PWRITE64, w, b, 1, 0)
	t.Fails(unix.ESPIPE, unix.SYS_LSEEK, r, 0, unix.SEEK_CUR)
	fd := t.Open(t.File("f", ""), unix.O_RDWR, 0)
	t.Fails(unix.EINVAL, unix.SYS_PWRITE64, fd, b, 1, -1)
	t.FailsAny([]unix.Errno{unix.EFBIG, unix.EINVAL}, unix.SYS_PWRITE64, fd, b, 1, int64(1<<63-1))
	t.Fails(unix.EBADF, unix.SYS_PWRITE64, 1<<20, b, 1, 0)
}
