// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// kcmpVM is KCMP_VM of include/uapi/linux/kcmp.h.
const kcmpVM = 1

// statusNumber returns a number of /proc/TID/status; false if the thread is gone, or a zombie.
func statusNumber(tid int, key string) (int, bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", tid))
	if err != nil {
		return 0, false
	}
	for line := range bytes.Lines(b) {
		if v, ok := bytes.CutPrefix(line, []byte("State:")); ok {
			if v = bytes.TrimSpace(v); len(v) > 0 && (v[0] == 'Z' || v[0] == 'X') {
				return 0, false
			}
		}
		if v, ok := bytes.CutPrefix(line, []byte(key)); ok {
			n, err := strconv.Atoi(string(bytes.TrimSpace(v)))
			return n, err == nil
		}
	}
	return 0, false
}

// tracerOf returns the tracer of a thread, 0 for none; false if it is gone.
func tracerOf(tid int) (int, bool) { return statusNumber(tid, "TracerPid:") }

// alone tells whether nobody but this thread runs on its memory: it has no other threads and is no child of vfork.
func alone(tid int) bool {
	threads, known := statusNumber(tid, "Threads:")
	if !known || threads != 1 {
		return false
	}
	parent, known := statusNumber(tid, "PPid:")
	if !known {
		return false
	}
	order, _, e := unix.Syscall6(unix.SYS_KCMP, uintptr(tid), uintptr(parent), kcmpVM, 0, 0, 0)
	return e == 0 && order != 0
}
