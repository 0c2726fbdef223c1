// SPDX-License-Identifier: Apache-2.0

package sockfd

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// disconnect is connect(2) with an address of AF_UNSPEC.
func disconnect(fd int) error {
	family := uint16(unix.AF_UNSPEC)
	_, _, e := unix.RawSyscall(unix.SYS_CONNECT, uintptr(fd), uintptr(unsafe.Pointer(&family)), unsafe.Sizeof(family))
	if e != 0 {
		return e
	}
	return nil
}
