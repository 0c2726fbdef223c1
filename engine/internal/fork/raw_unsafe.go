// SPDX-License-Identifier: Apache-2.0

package fork

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

const maskSize = 8 // of a signal mask, in bytes

// Raw makes a copy of the process with the calling thread alone, and returns twice. In the copy pid is 0, all signals are blocked
// (*old is what was blocked before), and there is no Go runtime to rely on: nothing but raw system calls may be
// made, by functions that are nosplit, up to execve or exit_group. The calling goroutine is locked to its thread;
// signal is what the parent gets when the copy ends.
//
//go:nosplit
//go:norace
func Raw(signal unix.Signal, old *uint64) (pid uintptr, e unix.Errno) {
	all := ^uint64(0)
	unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&all)), uintptr(unsafe.Pointer(old)), maskSize, 0, 0)
	pid, _, e = unix.RawSyscall6(unix.SYS_CLONE, uintptr(signal), 0, 0, 0, 0, 0)
	if e != 0 || pid != 0 {
		unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(old)), 0, maskSize, 0, 0)
	}
	return pid, e
}
