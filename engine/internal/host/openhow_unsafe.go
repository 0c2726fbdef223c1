// SPDX-License-Identifier: Apache-2.0

package host

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// CheckOpenHow asks the kernel what it thinks of a struct open_how of any size: the error, or 0
// if it is valid.
func CheckOpenHow(how []byte) unix.Errno {
	var empty byte // the path "", which fails only after how was checked
	_, _, e := unix.RawSyscall6(unix.SYS_OPENAT2, ^uintptr(0), uintptr(unsafe.Pointer(&empty)),
		uintptr(unsafe.Pointer(&how[0])), uintptr(len(how)), 0, 0)
	if e == unix.ENOENT {
		return 0
	}
	return e
}
