// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"bytes"
	"strings"

	"golang.org/x/sys/unix"
)

var copyCases = []Case{
	{"sendfile/to-pipe-socket-file", Anyone, sendfileTargets},
	{"sendfile/offset", Anyone, sendfileOffset},
	{"sendfile/errors", Anyone, sendfileErrors},
	{"copy_file_range/offsets", Anyone, copyRangeOffsets},
	{"copy_file_range/large", Anyone, copyRangeLarge},
	{"copy_file_range/errors", Anyone, copyRangeErrors},
}

func sendfileTargets(t *T) {
	p := t.File("f", "abcdef")
	r, w := t.pipe()
	in := t.Open(p, unix.O_RDONLY, 0)
	t.Returns(4, unix.SYS_SENDFILE, w, in, nil, 4)
	same(t, "pipe", t.Read(r, 9), "abcd")
	same(t, "offset", t.Offset(in), 4)
	t.Returns(2, unix.SYS_SENDFILE, w, in, nil, 100)
	t.Returns(0, unix.SYS_SENDFILE, w, in, nil, 100)
	var sv [2]int32
	t.Do(unix.SYS_SOCKETPAIR, unix.AF_UNIX, unix.SOCK_STREAM, 0, &sv)
	t.Do(unix.SYS_LSEEK, in, 1, unix.SEEK_SET)
	t.Returns(5, unix.SYS_SENDFILE, int(sv[0]), in, nil, 100)
	same(t, "socket", t.Read(int(sv[1]), 9), "bcdef")
	out := t.Open(t.Path("g"), unix.O_CREAT|unix.O_RDWR, 0o644)
	t.Do(unix.SYS_LSEEK, in, 0, unix.SEEK_SET)
	t.Do(unix.SYS_LSEEK, out, 2, unix.SEEK_SET)
	t.Returns(6, unix.SYS_SENDFILE, out, in, nil, 100)
	t.Holds(t.Path("g"), "\x00\x00abcdef")
	same(t, "offset", t.Offset(out), 8)
}

func sendfileOffset(t *T) {
	in := t.Open(t.File("f", "abcdef"), unix.O_RDONLY, 0)
	r, w := t.pipe()
	off := int64(2)
	t.Returns(3, unix.SYS_SENDFILE, w, in, &off, 3)
	same(t, "pipe", t.Read(r, 9), "cde")
	same(t, "offset argument", off, 5)
	same(t, "file offset", t.Offset(in), 0)
	off = 100
	t.Returns(0, unix.SYS_SENDFILE, w, in, &off, 3)
	off = -1
	t.Fails(unix.EINVAL, unix.SYS_SENDFILE, w, in, &off, 3)
}

func sendfileErrors(t *T) {
	p := t.File("f", "abc")
	in := t.Open(p, unix.O_RDONLY, 0)
	r, w := t.pipe()
	t.Fails(unix.EBADF, unix.SYS_SENDFILE, -1, in, nil, 3)
	t.Fails(unix.EBADF, unix.SYS_SENDFILE, w, -1, nil, 3)
	t.Fails(unix.EBADF, unix.SYS_SENDFILE, in, in, nil, 3)
	t.Fails(unix.EBADF, unix.SYS_SENDFILE, w, t.Open(p, unix.O_WRONLY, 0), nil, 3)
	t.Fails(unix.EFAULT, unix.SYS_SENDFILE, w, in, uintptr(8), 3)
	off := int64(0)
	t.Fails(unix.ESPIPE, unix.SYS_SENDFILE, w, r, &off, 3)
	t.Fails(unix.EINVAL, unix.SYS_SENDFILE, t.Open(t.File("g", ""), unix.O_WRONLY|unix.O_APPEND, 0), in, nil, 3)
	t.Holds(t.Path("g"), "")
}

func copyRangeOffsets(t *T) {
	in := t.Open(t.File("f", "abcdef"), unix.O_RDONLY, 0)
	q := t.File("g", "123456")
	out := t.Open(q, unix.O_RDWR, 0)
	t.Returns(2, unix.SYS_COPY_FILE_RANGE, in, nil, out, nil, 2, 0)
	t.Holds(q, "ab3456")
	same(t, "offsets", t.Offset(in)*10+t.Offset(out), 22)
	from, to := int64(4), int64(1)
	t.Returns(2, unix.SYS_COPY_FILE_RANGE, in, &from, out, &to, 100, 0)
	t.Holds(q, "aef456")
	same(t, "offset arguments", from*10+to, 63)
	same(t, "offsets", t.Offset(in)*10+t.Offset(out), 22)
	t.Returns(0, unix.SYS_COPY_FILE_RANGE, in, &from, out, &to, 5, 0)
	t.Returns(0, unix.SYS_COPY_FILE_RANGE, in, nil, out, nil, 0, 0)
	to = 8
	from = 0
	t.Returns(1, unix.SYS_COPY_FILE_RANGE, in, &from, out, &to, 1, 0)
	t.Holds(q, "aef456\x00\x00a")
	// Within one file, as long as the ranges do not overlap.
	from, to = 0, 3
	t.Returns(3, unix.SYS_COPY_FILE_RANGE, out, &from, out, &to, 3, 0)
	t.Holds(q, "aefaef\x00\x00a")
	from, to = 0, 2
	t.Fails(unix.EINVAL, unix.SYS_COPY_FILE_RANGE, out, &from, out, &to, 3, 0)
}

func copyRangeLarge(t *T) {
	content := strings.Repeat("0123456789abcdef", 50_000)
	in := t.Open(t.File("f", content), unix.O_RDONLY, 0)
	out := t.Open(t.Path("g"), unix.O_CREAT|unix.O_RDWR, 0o644)
	for n := 0; n < len(content); {
		k := t.Do(unix.SYS_COPY_FILE_RANGE, in, nil, out, nil, 1<<20, 0)
		if k == 0 {
			t.Fatalf("end after %d bytes", n)
		}
		n += k
	}
	b := make([]byte, len(content)+1)
	t.Returns(len(content), unix.SYS_PREAD64, out, b, len(b), 0)
	t.Check(bytes.Equal(b[:len(content)], []byte(content)), "the copy differs")
}

func copyRangeErrors(t *T) {
	p := t.File("f", "abc")
	in, out := t.Open(p, unix.O_RDONLY, 0), t.Open(t.File("g", ""), unix.O_RDWR, 0)
	r, w := t.pipe()
	t.Fails(unix.EINVAL, unix.SYS_COPY_FILE_RANGE, in, nil, out, nil, 3, 2)
	t.Fails(unix.EBADF, unix.SYS_COPY_FILE_RANGE, -1, nil, out, nil, 3, 0)
	t.Fails(unix.EBADF, unix.SYS_COPY_FILE_RANGE, in, nil, -1, nil, 3, 0)
	t.Fails(unix.EBADF, unix.SYS_COPY_FILE_RANGE, in, nil, in, nil, 3, 0)
	t.Fails(unix.EBADF, unix.SYS_COPY_FILE_RANGE, in, nil, t.Open(t.Path("g"), unix.O_WRONLY|unix.O_APPEND, 0), nil, 3, 0)
	t.Fails(unix.EISDIR, unix.SYS_COPY_FILE_RANGE, t.OpenDir(), nil, out, nil, 3, 0)
	t.Fails(unix.EINVAL, unix.SYS_COPY_FILE_RANGE, r, nil, out, nil, 3, 0)
	t.Fails(unix.EINVAL, unix.SYS_COPY_FILE_RANGE, in, nil, w, nil, 3, 0)
	t.Fails(unix.EFAULT, unix.SYS_COPY_FILE_RANGE, in, uintptr(8), out, nil, 3, 0)
	t.Holds(t.Path("g"), "")
}
