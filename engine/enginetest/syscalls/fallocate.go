// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"strings"

	"golang.org/x/sys/unix"
)

var fallocateCases = []Case{
	{"fallocate/extend", Anyone, fallocateExtend},
	{"fallocate/keep-size", Anyone, fallocateKeep},
	{"fallocate/punch-hole", Anyone, fallocatePunch},
	{"fallocate/zero-range", Anyone, fallocateZero},
	{"fallocate/collapse-and-insert", Anyone, fallocateCollapse},
	{"fallocate/errors", Anyone, fallocateErrors},
}

var noFallocate = []unix.Errno{unix.EOPNOTSUPP, unix.ENOSYS}

func fallocateExtend(t *T) {
	p := t.File("f", "abc")
	fd := t.Open(p, unix.O_RDWR, 0)
	t.Probe(noFallocate, unix.SYS_FALLOCATE, fd, 0, 1, 9)
	t.Holds(p, "abc\x00\x00\x00\x00\x00\x00\x00")
	t.Do(unix.SYS_FALLOCATE, fd, 0, 0, 4)
	same(t, "size", t.Fstat(fd).Size, 10)
	same(t, "offset", t.Offset(fd), 0)
}

func fallocateKeep(t *T) {
	p := t.File("f", "abc")
	fd := t.Open(p, unix.O_RDWR, 0)
	t.Probe(noFallocate, unix.SYS_FALLOCATE, fd, unix.FALLOC_FL_KEEP_SIZE, 0, 1<<16)
	same(t, "size", t.Fstat(fd).Size, 3)
	t.Check(t.FS == FUSE || t.Fstat(fd).Blocks >= 128, "%d blocks for 64 KiB allocated", t.Fstat(fd).Blocks)
	t.Holds(p, "abc")
}

func fallocatePunch(t *T) {
	fd := t.Open(t.File("f", strings.Repeat("x", 16384)), unix.O_RDWR, 0)
	const punch = unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_KEEP_SIZE
	t.Probe(noFallocate, unix.SYS_FALLOCATE, fd, punch, 4096, 8192)
	same(t, "size", t.Fstat(fd).Size, 16384)
	t.Holds(t.Path("f"), strings.Repeat("x", 4096)+strings.Repeat("\x00", 8192)+strings.Repeat("x", 4096))
	t.Do(unix.SYS_FALLOCATE, fd, punch, 10, 5)
	same(t, "read", t.Read(fd, 17), "xxxxxxxxxx\x00\x00\x00\x00\x00xx")
	t.Fails(unix.EOPNOTSUPP, unix.SYS_FALLOCATE, fd, unix.FALLOC_FL_PUNCH_HOLE, 0, 4096)
}

func fallocateZero(t *T) {
	p := t.File("f", "abcdef")
	fd := t.Open(p, unix.O_RDWR, 0)
	t.Probe(noFallocate, unix.SYS_FALLOCATE, fd, unix.FALLOC_FL_ZERO_RANGE, 1, 3)
	t.Holds(p, "a\x00\x00\x00ef")
	t.Do(unix.SYS_FALLOCATE, fd, unix.FALLOC_FL_ZERO_RANGE|unix.FALLOC_FL_KEEP_SIZE, 5, 10)
	t.Holds(p, "a\x00\x00\x00e\x00")
	t.Do(unix.SYS_FALLOCATE, fd, unix.FALLOC_FL_ZERO_RANGE, 5, 3)
	same(t, "size", t.Fstat(fd).Size, 8)
}

func fallocateCollapse(t *T) {
	fd := t.Open(t.File("f", strings.Repeat("a", 4096)+strings.Repeat("b", 4096)+"c"), unix.O_RDWR, 0)
	t.Probe([]unix.Errno{unix.EOPNOTSUPP, unix.EINVAL, unix.ENOSYS}, unix.SYS_FALLOCATE, fd, unix.FALLOC_FL_COLLAPSE_RANGE, 0, 4096)
	t.Holds(t.Path("f"), strings.Repeat("b", 4096)+"c")
	t.Do(unix.SYS_FALLOCATE, fd, unix.FALLOC_FL_INSERT_RANGE, 0, 4096)
	t.Holds(t.Path("f"), strings.Repeat("\x00", 4096)+strings.Repeat("b", 4096)+"c")
}

func fallocateErrors(t *T) {
	p := t.File("f", "abc")
	fd := t.Open(p, unix.O_RDWR, 0)
	t.Fails(unix.EINVAL, unix.SYS_FALLOCATE, fd, 0, 0, 0)
	t.Fails(unix.EINVAL, unix.SYS_FALLOCATE, fd, 0, -1, 1)
	t.Fails(unix.EINVAL, unix.SYS_FALLOCATE, fd, 0, 0, -1)
	t.Fails(unix.EOPNOTSUPP, unix.SYS_FALLOCATE, fd, 1<<20, 0, 1)
	t.Fails(unix.EBADF, unix.SYS_FALLOCATE, -1, 0, 0, 1)
	t.Fails(unix.EBADF, unix.SYS_FALLOCATE, t.Open(p, unix.O_RDONLY, 0), 0, 0, 1)
	t.Fails(unix.EFBIG, unix.SYS_FALLOCATE, fd, 0, int64(1<<63-2), 8)
	_, w := t.pipe()
	t.Fails(unix.ESPIPE, unix.SYS_FALLOCATE, w, 0, 0, 1)
	t.FailsAny([]unix.Errno{unix.EBADF, unix.EISDIR}, unix.SYS_FALLOCATE, t.OpenDir(), 0, 0, 1)
	t.Holds(p, "abc")
}
