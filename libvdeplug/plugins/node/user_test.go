// SPDX-License-Identifier: Apache-2.0

package node_test

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// asUser runs f on a thread that is user uid. The credentials of a thread are
// its own for the kernel; the thread ends afterwards.
func asUser(t *testing.T, uid int, f func() error) {
	t.Helper()
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		_, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid))
		if errno != 0 {
			done <- errno
			return
		}
		done <- f()
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
