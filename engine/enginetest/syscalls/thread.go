// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// onOwnThread runs f on an operating system thread of its own, which ends with f: for
// what belongs to a thread (ids, unshared tables) and must not leak into others. A case
// that ends in f ends only that thread; what it recorded counts.
func onOwnThread(f func()) {
	done := make(chan any)
	go func() {
		runtime.LockOSThread() // never unlocked: the runtime then ends the thread
		defer func() { done <- recover() }()
		f()
	}()
	if v := <-done; v != nil {
		panic(v)
	}
}

// patience bounds how long a case waits for something that must happen.
const patience = 10 * time.Second

// eventually repeats cond until it holds, and tells whether it ever did.
func eventually(cond func() bool) bool {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if cond() {
			return true
		}
		time.Sleep(200 * time.Microsecond)
	}
	return false
}

// setLimit sets the soft limit of a resource for this process, which runs one case only.
func setLimit(t *T, resource int, soft uint64) {
	var r unix.Rlimit
	t.Do(unix.SYS_PRLIMIT64, 0, resource, nil, &r)
	r.Cur = soft
	t.Do(unix.SYS_PRLIMIT64, 0, resource, &r, nil)
}
