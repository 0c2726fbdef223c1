// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"sync"

	"golang.org/x/sys/unix"
)

// Restart has a thread that waits in a system call which signals interrupt begin that call anew, as after
// SIGSTOP and SIGCONT but seen by nobody: the filter asks about it once more. It is false if the thread is gone or
// another tracer is in the way. The thread must be about to wait: a stop is waited for. For reaper see [Options].
func Restart(tid int, reaper sync.Locker) (done bool) {
	t := &tracee{call: &Call{TID: tid}}
	onThread(func() (clean bool) {
		reaper.Lock()
		defer reaper.Unlock()
		if ptrace(unix.PTRACE_SEIZE, tid, 0, 0) != nil {
			return true
		}
		if ptrace(unix.PTRACE_INTERRUPT, tid, 0, 0) != nil {
			return false
		}
		sig, _, err := t.wait()
		if err != nil {
			return false
		}
		done = t.detach(sig) == nil
		return done
	})
	return done
}
