// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// pidfdInfo is PIDFD_GET_INFO, whose ids come whatever is asked for; it does not wait.
func pidfdInfo(pidfd int, info *unix.PidfdInfo) unix.Errno {
	_, _, e := unix.RawSyscall(unix.SYS_IOCTL, uintptr(pidfd), unix.PIDFD_GET_INFO, uintptr(unsafe.Pointer(info)))
	return e
}
