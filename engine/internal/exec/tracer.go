// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine/internal/guest"
)

// kcmpVM is KCMP_VM of include/uapi/linux/kcmp.h.
const kcmpVM = 1

// tracerOf returns the tracer of a thread, 0 for none; false if it is gone.
func tracerOf(tid int) (int, bool) { return guest.StatusNumber(tid, "TracerPid:") }

// alone tells whether nobody but this thread runs on its memory: it has no other threads and is no child of vfork.
func alone(tid int) bool {
	threads, known := guest.StatusNumber(tid, "Threads:")
	if !known || threads != 1 {
		return false
	}
	parent, known := guest.StatusNumber(tid, "PPid:")
	if !known {
		return false
	}
	order, _, e := unix.Syscall6(unix.SYS_KCMP, uintptr(tid), uintptr(parent), kcmpVM, 0, 0, 0)
	return e == 0 && order != 0
}
