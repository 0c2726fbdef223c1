// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"slices"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/view"
)

// addView notes a view, which one process has entered. It ends with the last process in it, as a mount namespace does:
// its mounts are detached from it.
func (s *Supervisor) addView(v *view.View) {
	s.mountMu.Lock()
	s.views = append(s.views, v)
	s.mountMu.Unlock()
	go func() {
		for pid := s.resident(v); pid > 0; pid = s.resident(v) {
			if err := awaitMove(pid, -1); err != nil {
				s.log.Logf(engine.LogErr, "view %s: cannot tell when process %d leaves it: %v", v.Name(), pid, err)
				return
			}
		}
		s.endView(v)
	}()
}

// endView detaches what is mounted in a view that nobody is in.
func (s *Supervisor) endView(v *view.View) {
	s.mountMu.Lock()
	s.views = slices.DeleteFunc(s.views, func(o *view.View) bool { return o == v })
	s.mountMu.Unlock()
	v.End()
}

// endViews ends the views that nobody is in any more, without waiting until their goroutines have seen it.
func (s *Supervisor) endViews() {
	s.mountMu.Lock()
	inner := slices.Clone(s.views[1:])
	s.mountMu.Unlock()
	for _, v := range inner {
		if s.resident(v) == 0 {
			s.endView(v)
		}
	}
}

// resident finds a living process in a view, or 0. Programs of modules do not count: they end with their mounts. Two
// passes over all processes, see [task.Table.Collect]: the parent of a child that was made meanwhile may have ended.
func (s *Supervisor) resident(v *view.View) (pid int) {
	for range 2 {
		for pid, st := range s.tasks.Living() {
			if st.View == v && !st.Service && !exited(pid) {
				return pid
			}
		}
	}
	return 0
}

// exited tells whether all threads of a process have ended; it may be there still for its parent to wait for.
func exited(pid int) bool {
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return err == unix.ESRCH
	}
	defer unix.Close(pidfd)
	n, _ := unix.Poll([]unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}}, 0)
	return n > 0
}
