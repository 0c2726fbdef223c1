// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/fdesc"
	"vuos.dev/engine/internal/guest"
)

// Requests in a ring of the kernel's, struct iocb of linux/aio_abi.h.
const (
	iocbSize   = 64
	iocbOpcode = 16 // where aio_lio_opcode is
	iocbFildes = 20 // and aio_fildes

	iocbPread  = 0
	iocbFsync  = 2
	iocbFdsync = 3
	iocbPreadv = 7
)

// maxIocbs bounds how many requests are looked at: a ring of the kernel's holds no more (/proc/sys/fs/aio-max-nr).
const maxIocbs = 1 << 16

// sysIoSubmit lets the kernel do requests on the stand-ins of virtual files, which must be the truth then: nobody else can
// say in the ring that a request is done. Where a stand-in cannot be that, none of the requests is begun, as with files that have
// no asynchronous I/O (fs/aio.c:io_submit_one()). A bad address is the kernel's to find.
func sysIoSubmit(c *call) reply {
	if c.s.files.Live() == 0 {
		return native
	}
	var iocb [iocbSize]byte
	var at [8]byte
	for i := range min(c.n.Args[1], maxIocbs) {
		if _, err := c.mem().ReadAt(at[:], c.n.Args[2]+8*i); err != nil {
			return native
		}
		if _, err := c.mem().ReadAt(iocb[:], binary.NativeEndian.Uint64(at[:])); err != nil {
			return native
		}
		fd := int(int32(binary.NativeEndian.Uint32(iocb[iocbFildes:])))
		if f := c.file(fd); f != nil {
			if f.Flags&unix.O_PATH != 0 {
				return fail(unix.EBADF)
			}
			if err := c.submit(f, fd, binary.NativeEndian.Uint16(iocb[iocbOpcode:])); err != nil {
				c.log(engine.LogDebug, "%v", err)
				return fail(unix.EINVAL)
			}
		}
	}
	return native
}

// submit gets a virtual file ready for a request. Syncing is done at once: what requests before that have written is
// in the stand-in.
func (c *call) submit(f *fdesc.Open, fd int, opcode uint16) error {
	switch {
	case f.Native() && (opcode == iocbPread || opcode == iocbPreadv):
		return nil
	case opcode == iocbFsync || opcode == iocbFdsync:
		c.Block()
		return f.Sync(c, opcode == iocbFdsync)
	}
	c.Block()
	own, err := guest.Take(c.TID(), fd)
	if err != nil {
		return err
	}
	defer unix.Close(own)
	return f.Materialize(c, own)
}
