// SPDX-License-Identifier: Apache-2.0

package inherited

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

const maskSize = 8

// ignoredNow are the signals that the process ignores.
func ignoredNow() (s Signals) {
	for sig := uintptr(1); sig <= 64; sig++ {
		var action [4]uintptr // struct sigaction: handler, flags, restorer, mask
		_, _, e := unix.RawSyscall6(unix.SYS_RT_SIGACTION, sig, 0, uintptr(unsafe.Pointer(&action)), maskSize, 0, 0)
		if e == 0 && action[0] == 1 { // SIG_IGN
			s |= 1 << (sig - 1)
		}
	}
	return s
}

// blockedNow is what the calling thread blocks.
func blockedNow() (s Signals) {
	_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_BLOCK, 0, uintptr(unsafe.Pointer(&s)), maskSize, 0, 0)
	return s
}
