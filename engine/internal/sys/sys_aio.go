// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// sysIoSubmit refuses requests for virtual files, as the kernel does for files that have no asynchronous I/O
// (fs/aio.c:io_submit_one()): it would do them on the stand-in, which is right only for reading what is read natively, and
// nobody else can say in the ring that one is done. None of the requests is begun then. A bad address is the kernel's to find.
func sysIoSubmit(c *call) reply {
	if c.s.files.Live() == 0 {
		return native
	}
	// struct iocb, where aio_lio_opcode and aio_fildes are in it, and what the opcode may be.
	const iocbSize, opcode, fildes, pread, preadv = 64, 16, 20, 0, 7
	var iocb [iocbSize]byte
	var at [8]byte
	for i := range min(c.n.Args[1], maxIocbs) {
		if _, err := c.mem().ReadAt(at[:], c.n.Args[2]+8*i); err != nil {
			return native
		}
		if _, err := c.mem().ReadAt(iocb[:], binary.NativeEndian.Uint64(at[:])); err != nil {
			return native
		}
		f := c.file(int(int32(binary.NativeEndian.Uint32(iocb[fildes:]))))
		op := binary.NativeEndian.Uint16(iocb[opcode:])
		if f != nil && !(f.Native() && (op == pread || op == preadv)) {
			return fail(unix.EINVAL)
		}
	}
	return native
}

// maxIocbs bounds how many requests are looked at: a ring of the kernel's holds no more (/proc/sys/fs/aio-max-nr).
const maxIocbs = 1 << 16
