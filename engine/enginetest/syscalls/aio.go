// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

var aioCases = []Case{
	{"aio/read", Anyone, aioRead},
	{"aio/write", Anyone, aioWrite},
	{"aio/seen-by-others", Anyone, aioSeen},
	{"aio/errors", Anyone, aioErrors},
	{"aio/none", Anyone, aioNone},
}

// iocb is struct iocb of linux/aio_abi.h, on a little-endian machine.
type iocb struct {
	data       uint64
	_          [2]uint32 // key and flags
	opcode     uint16
	_          int16 // priority
	fd         uint32
	buf, count uint64
	offset     int64
	_          [2]uint64
}

// ioEvent is struct io_event.
type ioEvent struct {
	data   uint64
	_      uint64 // the iocb's address
	result int64
	_      int64
}

// IOCB_CMD_* operations.
const (
	iocbPread  = 0
	iocbPwrite = 1
	iocbFsync  = 2
	iocbPreadv = 7
)

// newRing makes a context for asynchronous I/O.
func (t *T) newRing() uint64 {
	var ring uint64
	t.Returns(0, unix.SYS_IO_SETUP, 16, &ring)
	t.Cleanup(func() { t.Returns(0, unix.SYS_IO_DESTROY, ring) })
	return ring
}

// completes submits requests at once; their results must be want.
func (t *T) completes(ring uint64, want []int, requests ...*iocb) {
	for i, r := range requests {
		r.data = uint64(i)
	}
	t.Returns(len(requests), unix.SYS_IO_SUBMIT, ring, len(requests), requests)
	got := make([]int, len(requests))
	for done := 0; done < len(requests); {
		events := make([]ioEvent, len(requests))
		n := t.Do(unix.SYS_IO_GETEVENTS, ring, 1, len(requests), events, nil)
		for _, e := range events[:n] {
			got[e.data] = int(e.result)
		}
		done += n
	}
	runtime.KeepAlive(requests)
	same(t, "results", fmt.Sprint(got), fmt.Sprint(want))
}

// request is one with a buffer.
func request(opcode uint16, fd int, b []byte, offset int64) *iocb {
	return &iocb{opcode: opcode, fd: uint32(fd), buf: address(&b[0]), count: uint64(len(b)), offset: offset}
}

// What is read asynchronously is the file's.
func aioRead(t *T) {
	fd := t.Open(t.File("f", "abcdef"), unix.O_RDONLY, 0)
	a, b, v := make([]byte, 8), make([]byte, 2), iovec(make([]byte, 2), make([]byte, 3))
	t.completes(t.newRing(), []int{4, 2, 5, 0}, request(iocbPread, fd, a, 2), request(iocbPread, fd, b, 0),
		&iocb{opcode: iocbPreadv, fd: uint32(fd), buf: address(&v[0]), count: 2}, request(iocbPread, fd, make([]byte, 1), 6))
	same(t, "data", string(a[:4])+"|"+string(b), "cdef|ab")
	same(t, "offset", t.Offset(fd), 0)
	runtime.KeepAlive(v)
}

func aioWrite(t *T) {
	p := t.File("f", "0123456789")
	fd := t.Open(p, unix.O_RDWR, 0)
	ring := t.newRing()
	data := []byte("ABC")
	t.completes(ring, []int{3}, request(iocbPwrite, fd, data, 9))
	t.completes(ring, []int{0}, &iocb{opcode: iocbFsync, fd: uint32(fd)})
	same(t, "read", t.Read(fd, 20), "012345678ABC")
	t.Close(fd)
	t.Holds(p, "012345678ABC")
	only := t.Open(p, unix.O_WRONLY, 0)
	t.completes(ring, []int{3}, request(iocbPwrite, only, data, 0))
	t.Close(only)
	t.Holds(p, "ABC345678ABC")
	runtime.KeepAlive(data)
}

// What is written asynchronously is there for others when the event has come, and the other way round.
func aioSeen(t *T) {
	p := t.File("f", "")
	ring := t.newRing()
	fd, other := t.Open(p, unix.O_RDWR, 0), t.Open(p, unix.O_RDWR, 0)
	w, b := []byte("asynchronous"), make([]byte, 12)
	t.completes(ring, []int{12}, request(iocbPwrite, fd, w, 0))
	t.Holds(p, "asynchronous")
	same(t, "size", t.Stat(p).Size, 12)
	t.Returns(2, unix.SYS_PWRITE64, other, []byte("un"), 2, 0)
	t.completes(ring, []int{12}, request(iocbPread, fd, b, 0))
	same(t, "read", string(b), "unynchronous")
	t.Do(unix.SYS_FTRUNCATE, other, 2)
	t.completes(ring, []int{2}, request(iocbPread, fd, b, 0))
	runtime.KeepAlive(w)
}

func aioErrors(t *T) {
	ring := t.newRing()
	p := t.File("f", "abc")
	b := make([]byte, 4)
	fails := func(want unix.Errno, fd int, opcode uint16) {
		t.Fails(want, unix.SYS_IO_SUBMIT, ring, 1, []*iocb{request(opcode, fd, b, 0)})
	}
	fails(unix.EBADF, t.Open(p, unix.O_WRONLY, 0), iocbPread)
	fails(unix.EBADF, t.Open(p, unix.O_RDONLY, 0), iocbPwrite)
	fails(unix.EBADF, t.Open(p, unix.O_PATH, 0), iocbPread)
	fails(unix.EINVAL, t.OpenDir(), iocbPread)
	fails(unix.EINVAL, t.Open(p, unix.O_RDWR, 0), 99)
	// What comes before the one that is wrong is submitted.
	fd := t.Open(p, unix.O_RDWR, 0)
	t.Returns(1, unix.SYS_IO_SUBMIT, ring, 2, []*iocb{request(iocbPread, fd, b, 0), request(iocbPread, -1, b, 0)})
}

func aioNone(t *T) {
	ring := t.newRing()
	t.Returns(0, unix.SYS_IO_SUBMIT, ring, 0, nil)
	t.Fails(unix.EFAULT, unix.SYS_IO_SUBMIT, ring, 1, 8)
	t.Fails(unix.EFAULT, unix.SYS_IO_SUBMIT, ring, 1, nil)
	t.Fails(unix.EINVAL, unix.SYS_IO_SUBMIT, ring, -1, nil)
	t.Fails(unix.EINVAL, unix.SYS_IO_SUBMIT, ring+1<<12, 1, []*iocb{{}})
	t.Fails(unix.EBADF, unix.SYS_IO_SUBMIT, ring, 1, []*iocb{{opcode: iocbPread, fd: ^uint32(0)}})
}
