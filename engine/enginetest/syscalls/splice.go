// SPDX-License-Identifier: Apache-2.0

package syscalls

import "golang.org/x/sys/unix"

var spliceCases = []Case{
	{"splice/file-to-pipe", Anyone, spliceFromFile},
	{"splice/pipe-to-file", Anyone, spliceToFile},
	{"splice/errors", Anyone, spliceErrors},
	{"tee/copies", Anyone, teeCopies},
	{"vmsplice/memory", Anyone, vmsplice},
}

func spliceFromFile(t *T) {
	in := t.Open(t.File("f", "abcdef"), unix.O_RDONLY, 0)
	r, w := t.pipe()
	t.Returns(2, unix.SYS_SPLICE, in, nil, w, nil, 2, 0)
	same(t, "offset", t.Offset(in), 2)
	off := int64(4)
	t.Returns(2, unix.SYS_SPLICE, in, &off, w, nil, 100, unix.SPLICE_F_MORE)
	same(t, "offset argument", off, 6)
	same(t, "pipe", t.Read(r, 9), "abef")
	t.Returns(0, unix.SYS_SPLICE, in, &off, w, nil, 100, 0)
	t.Fails(unix.EAGAIN, unix.SYS_SPLICE, r, nil, t.Open(t.Path("g"), unix.O_CREAT|unix.O_WRONLY, 0o644), nil, 9, unix.SPLICE_F_NONBLOCK)
}

func spliceToFile(t *T) {
	q := t.File("g", "123456")
	out := t.Open(q, unix.O_RDWR, 0)
	r, w := t.pipe()
	t.Write(w, "abcdef")
	t.Returns(2, unix.SYS_SPLICE, r, nil, out, nil, 2, unix.SPLICE_F_MOVE)
	same(t, "offset", t.Offset(out), 2)
	off := int64(5)
	t.Returns(3, unix.SYS_SPLICE, r, nil, out, &off, 3, 0)
	same(t, "offset argument", off, 8)
	t.Holds(q, "ab345cde")
	// From pipe to pipe.
	r2, w2 := t.pipe()
	t.Returns(1, unix.SYS_SPLICE, r, nil, w2, nil, 100, 0)
	same(t, "second pipe", t.Read(r2, 9), "f")
	t.Close(w)
	t.Returns(0, unix.SYS_SPLICE, r, nil, out, nil, 100, 0)
}

func spliceErrors(t *T) {
	p := t.File("f", "abc")
	in, out := t.Open(p, unix.O_RDONLY, 0), t.Open(t.File("g", ""), unix.O_RDWR, 0)
	r, w := t.pipe()
	off := int64(0)
	t.Write(w, "abc")
	t.Fails(unix.EINVAL, unix.SYS_SPLICE, in, nil, out, nil, 3, 0)
	t.Fails(unix.ESPIPE, unix.SYS_SPLICE, r, &off, out, nil, 3, 0)
	t.Fails(unix.ESPIPE, unix.SYS_SPLICE, in, nil, w, &off, 3, 0)
	t.Fails(unix.EINVAL, unix.SYS_SPLICE, r, nil, w, nil, 3, 0)
	t.Fails(unix.EBADF, unix.SYS_SPLICE, -1, nil, w, nil, 3, 0)
	t.Fails(unix.EBADF, unix.SYS_SPLICE, in, nil, -1, nil, 3, 0)
	t.Fails(unix.EBADF, unix.SYS_SPLICE, r, nil, in, nil, 3, 0)
	t.Fails(unix.EINVAL, unix.SYS_SPLICE, in, nil, w, nil, 3, 1<<10)
	t.Fails(unix.EINVAL, unix.SYS_SPLICE, r, nil, t.Open(t.Path("g"), unix.O_WRONLY|unix.O_APPEND, 0), nil, 3, 0)
	same(t, "pipe", t.Read(r, 9), "abc")
}

func teeCopies(t *T) {
	r, w := t.pipe()
	r2, w2 := t.pipe()
	t.Write(w, "abc")
	t.Returns(2, unix.SYS_TEE, r, w2, 2, 0)
	same(t, "copy", t.Read(r2, 9), "ab")
	same(t, "original", t.Read(r, 9), "abc")
	t.Fails(unix.EINVAL, unix.SYS_TEE, r, w, 2, 0)
	t.Fails(unix.EINVAL, unix.SYS_TEE, t.Open(t.File("f", "abc"), unix.O_RDONLY, 0), w2, 2, 0)
	t.Fails(unix.EAGAIN, unix.SYS_TEE, r, w2, 2, unix.SPLICE_F_NONBLOCK)
}

func vmsplice(t *T) {
	r, w := t.pipe()
	t.Returns(5, unix.SYS_VMSPLICE, w, iovec([]byte("ab"), []byte("cde")), 2, 0)
	out := t.Open(t.Path("g"), unix.O_CREAT|unix.O_WRONLY, 0o644)
	t.Returns(5, unix.SYS_SPLICE, r, nil, out, nil, 9, 0)
	t.Holds(t.Path("g"), "abcde")
	t.Fails(unix.EBADF, unix.SYS_VMSPLICE, out, iovec([]byte("x")), 1, 0)
}
