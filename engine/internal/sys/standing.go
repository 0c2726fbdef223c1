// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"encoding/binary"
	"sync"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/guest"
	"vuos.dev/engine/internal/task"
	"vuos.dev/engine/internal/view"
)

// standing has the mounts that are detached and still used, because processes have their working directory
// or root on them: an eventfd each, which is written when one of them goes elsewhere.
type standing struct {
	mu     sync.Mutex
	events map[*view.Mount]int
}

// add notes the event of a mount. It is false if the mount is kept already: it was detached from another view.
func (s *standing) add(m *view.Mount, event int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, found := s.events[m]; found {
		return false
	}
	if s.events == nil {
		s.events = map[*view.Mount]int{}
	}
	s.events[m] = event
	return true
}

func (s *standing) remove(m *view.Mount) {
	s.mu.Lock()
	defer s.mu.Unlock()
	unix.Close(s.events[m])
	delete(s.events, m)
}

// standsOn tells whether a process has its working directory or root on the mount.
func standsOn(st *task.State, m *view.Mount) bool { return st.Cwd.Mount == m || st.Root.Mount == m }

// stander finds a living process, or thread, that stands on the mount.
func (s *Supervisor) stander(m *view.Mount) (tid int, found bool) {
	for tid, st := range s.tasks.Standing() {
		if standsOn(st, m) && guest.State(tid) != 'Z' {
			return tid, true
		}
	}
	return 0, false
}

// keepForStanding uses a mount that is about to be detached until no process stands on it any more. That is how the kernel
// counts references to a struct path; here the states of processes have them, and nobody tells when a process ends.
func (s *Supervisor) keepForStanding(m *view.Mount) error {
	if _, found := s.stander(m); !found {
		return nil
	}
	event, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return err
	}
	if !s.standing.add(m, event) {
		unix.Close(event)
		return nil
	}
	m.Get()
	go func() {
		for tid, found := s.stander(m); found; tid, found = s.stander(m) {
			if err := awaitMove(tid, event); err != nil {
				s.log.Logf(engine.LogErr, "%s: cannot tell when process %d leaves it: %v", m.Point(), tid, err)
				break
			}
		}
		s.standing.remove(m)
		m.Put()
	}()
	return nil
}

// awaitMove waits until a process, or thread, has ended or the event, if it is not -1, was written.
func awaitMove(tid, event int) error {
	pidfd, err := unix.PidfdOpen(tid, 0)
	if err == unix.EINVAL || err == unix.ENOENT { // no leader of a process
		pidfd, err = unix.PidfdOpen(tid, unix.PIDFD_THREAD)
	}
	switch err {
	case nil:
	case unix.ESRCH:
		return nil
	default:
		return err
	}
	defer unix.Close(pidfd)
	fds := []unix.PollFd{{Fd: int32(pidfd), Events: unix.POLLIN}, {Fd: int32(event), Events: unix.POLLIN}}
	for {
		if _, err := unix.Poll(fds, -1); err != unix.EINTR {
			var count [8]byte
			_, _ = unix.Read(event, count[:]) // EAGAIN if the process has ended
			return err
		}
	}
}

// moved tells that a process had this state and has another one now.
func (s *Supervisor) moved(old *task.State) {
	for _, m := range []*view.Mount{old.Cwd.Mount, old.Root.Mount} {
		if m == nil || !m.Detached() {
			continue
		}
		s.standing.mu.Lock()
		if event, found := s.standing.events[m]; found {
			_, _ = unix.Write(event, binary.NativeEndian.AppendUint64(nil, 1))
		}
		s.standing.mu.Unlock()
	}
}
