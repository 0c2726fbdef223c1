// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// maxSparse is the size up to which a block device is copied into its stand-in, if it has few data: umvu keeps 100 bytes for each MiB.
const maxSparse = 64 << 30

// isHole tells whether a block device is known to be zeros from start to end. Of a regular file the engine does not ask: a hole that the
// file system fills by itself would have to be noticed.
func (ino *inode) isHole(c engine.Call, r engine.FileReader, start, end int64) bool {
	h, ok := r.(engine.FileHoles)
	if !ok || ino.node.Type() != unix.S_IFBLK {
		return false
	}
	data, _, err := h.Data(c, start)
	return err == nil && data >= end
}

// markHole notes pages as cached that are holes, of the stand-in too. ino.mu is held.
func (ino *inode) markHole(e extent) {
	for page := e.first; page < e.end; page++ {
		ino.mark(page, false)
	}
	ino.account(e)
}

// dataSize is how many bytes of a block device may be other than zero, if it is known, and the size otherwise.
func (o *Open) dataSize(c engine.Call, size int64) int64 {
	h, ok := o.File.(engine.FileHoles)
	if !ok {
		return size
	}
	sum := int64(0)
	for off := int64(0); off < size; {
		start, end, err := h.Data(c, off)
		if err != nil {
			return size
		}
		sum += end - start
		if off = end; start == end {
			break
		}
	}
	return sum
}
