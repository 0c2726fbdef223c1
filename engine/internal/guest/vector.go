// SPDX-License-Identifier: Apache-2.0

package guest

// Range is a piece of a guest's memory.
type Range struct {
	Addr uint64
	Len  int
}

// maxRanges bounds the pieces of one system call.
const maxRanges = 8

// ReadRanges fills p from pieces, which have as many bytes together, in one system call. ok is false if there are too many
// pieces or not all can be read: [Memory.ReadAt] then tells which.
func (m Memory) ReadRanges(p []byte, from []Range) (ok bool) {
	if len(from) > maxRanges {
		return false
	}
	n, errno := vmReadRanges(int(m), p, from)
	return errno == 0 && n == len(p)
}
