// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"runtime"

	"golang.org/x/sys/unix"
)

var aioCases = []Case{
	{"aio/read", Anyone, aioRead},
	{"aio/none", Anyone, aioNone},
}

// iocb is struct iocb of linux/aio_abi.h, on a little-endian machine.
type iocb struct {
	data          uint64
	key, rwFlags  uint32
	opcode        uint16
	priority      int16
	fd            uint32
	buf, count    uint64
	offset        int64
	reserved      uint64
	flags, result uint32
}

// ioEvent is struct io_event.
type ioEvent struct {
	data, object uint64
	result, more int64
}

const iocbPread = 0 // IOCB_CMD_PREAD

// newRing makes a context for asynchronous I/O.
func (t *T) newRing() uint64 {
	var ring uint64
	t.Returns(0, unix.SYS_IO_SETUP, 4, &ring)
	return ring
}

// What is read asynchronously is the file's.
func aioRead(t *T) {
	fd := t.Open(t.File("f", "abcdef"), unix.O_RDONLY, 0)
	ring := t.newRing()
	buf := make([]byte, 8)
	cb := &iocb{data: 7, opcode: iocbPread, fd: uint32(fd), buf: address(&buf[0]), count: 8, offset: 2}
	list := []uint64{address(cb)}
	same(t, "submitted", t.Do(unix.SYS_IO_SUBMIT, ring, 1, list), 1)
	var done ioEvent
	t.Returns(1, unix.SYS_IO_GETEVENTS, ring, 1, 1, &done, nil)
	runtime.KeepAlive(cb)
	same(t, "tag", done.data, 7)
	same(t, "count", done.result, 4)
	same(t, "data", string(buf[:4]), "cdef")
	t.Returns(0, unix.SYS_IO_DESTROY, ring)
}

func aioNone(t *T) {
	ring := t.newRing()
	t.Returns(0, unix.SYS_IO_SUBMIT, ring, 0, nil)
	t.Fails(unix.EFAULT, unix.SYS_IO_SUBMIT, ring, 1, 8)
	cb := &iocb{opcode: iocbPread, fd: ^uint32(0)}
	t.Fails(unix.EBADF, unix.SYS_IO_SUBMIT, ring, 1, []uint64{address(cb)})
	runtime.KeepAlive(cb)
	t.Returns(0, unix.SYS_IO_DESTROY, ring)
}
