// SPDX-License-Identifier: Apache-2.0

package plugtest

import (
	"os"
	"runtime"
	"testing"
	"time"
)

// NoLeaks fails the test if, after all its other cleanups, it has left
// goroutines or descriptors behind. Call it first.
func NoLeaks(t testing.TB) {
	t.Helper()
	warmPoller()
	goroutines, fds := runtime.NumGoroutine(), openFiles(t)
	t.Cleanup(func() {
		// A goroutine that has done its last statement still counts for a
		// moment.
		limit := time.Now().Add(5 * time.Second)
		for runtime.NumGoroutine() > goroutines && time.Now().Before(limit) {
			runtime.Gosched()
		}
		if n := runtime.NumGoroutine(); n > goroutines {
			buf := make([]byte, 1<<16)
			t.Errorf("%d goroutines left:\n%s", n-goroutines, buf[:runtime.Stack(buf, true)])
		}
		if n := openFiles(t); n > fds {
			t.Errorf("%d descriptors left: %v", n-fds, listFiles())
		}
	})
}

// warmPoller has the runtime make its own descriptors, which stay.
func warmPoller() {
	if r, w, err := os.Pipe(); err == nil {
		r.Close()
		w.Close()
	}
}

func openFiles(t testing.TB) int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func listFiles() (names []string) {
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		target, _ := os.Readlink("/proc/self/fd/" + e.Name())
		names = append(names, e.Name()+"="+target)
	}
	return names
}
