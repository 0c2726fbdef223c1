// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"sync/atomic"
	"unsafe"
)

// loadStatus reads the status word at an offset of memory shared with a guest, before anything else of it.
func loadStatus(b []byte, off int) uint32 {
	return atomic.LoadUint32((*uint32)(unsafe.Pointer(&b[off : off+4][0])))
}

// storeStatus writes it after everything else.
func storeStatus(b []byte, off int, v uint32) {
	atomic.StoreUint32((*uint32)(unsafe.Pointer(&b[off : off+4][0])), v)
}
