// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"io"

	"golang.org/x/sys/unix"
)

// File data goes to and from the image's descriptor directly. It never is in libext2's block cache: blocks are
// dropped there when they become data.

// readData fills buf from block pblk, at byte off of it. What lies behind the end of the image is EIO.
func (v *Volume) readData(pblk, off uint64, buf []byte) error {
	pos := v.offset + int64(pblk*v.bsize+off)
	n, err := v.image.ReadAt(buf, pos)
	if n == len(buf) {
		return nil
	}
	if err == io.EOF {
		return unix.EIO
	}
	return err
}

// writeData writes buf to block pblk, at byte off of it.
func (v *Volume) writeData(pblk, off uint64, buf []byte) error {
	_, err := v.image.WriteAt(buf, v.offset+int64(pblk*v.bsize+off))
	return err
}

// zeroChunk bounds the buffer for zeroing.
const zeroChunk = 256 << 10

// zeroData writes n zero bytes.
func (v *Volume) zeroData(pblk, off, n uint64) error {
	zeros := make([]byte, min(n, zeroChunk))
	for n > 0 {
		c := min(n, zeroChunk)
		if err := v.writeData(pblk, off, zeros[:c]); err != nil {
			return err
		}
		off += c
		n -= c
	}
	return nil
}
