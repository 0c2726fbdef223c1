// SPDX-License-Identifier: Apache-2.0

package proto

import "unsafe"

// Message is one of the fixed-layout structures. They have no padding and no pointers
// (a test checks that), so that their memory is their wire format.
type Message interface {
	// Raw is the structure's own memory.
	Raw() []byte
}

func raw[T any](p *T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(p)), unsafe.Sizeof(*p))
}
