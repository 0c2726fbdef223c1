// SPDX-License-Identifier: Apache-2.0

package sockfd

import (
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// fake is a socket whose other end the test is. Methods that it does not need are nil and panic.
type fake struct {
	engine.Socket
	slow bool // Connect returns EINPROGRESS

	mu       sync.Mutex
	notify   func()
	ready    uint32
	in, out  []byte
	failed   bool
	sendErr  error // what Send returns; there is an end to receive then
	released bool
	aborted  bool // SO_LINGER was set
}

func newFake() *fake { return &fake{} }

// change does something that the engine is then told of.
func (s *fake) change(f func()) {
	s.mu.Lock()
	f()
	notify := s.notify
	s.mu.Unlock()
	if notify != nil {
		notify()
	}
}

func (s *fake) set(ev uint32) { s.change(func() { s.ready = ev }) }
func (s *fake) establish()    { s.set(unix.POLLOUT) }
func (s *fake) arrive(p []byte) {
	s.change(func() { s.in, s.ready = append(s.in, p...), s.ready|unix.POLLIN })
}
func (s *fake) reset()           { s.change(func() { s.failed, s.ready = true, unix.POLLERR|unix.POLLHUP }) }
func (s *fake) isReleased() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.released }
func (s *fake) taken() []byte    { s.mu.Lock(); defer s.mu.Unlock(); return slices.Clone(s.out) }

func (s *fake) Notify(f func()) { s.change(func() { s.notify = f }) }
func (s *fake) Ready() uint32   { s.mu.Lock(); defer s.mu.Unlock(); return s.ready }

func (s *fake) Connect(engine.Call, []byte) error {
	if s.slow {
		return unix.EINPROGRESS
	}
	s.establish()
	return nil
}

func (s *fake) Peername(engine.Call) ([]byte, error) { return nil, nil }
func (s *fake) Shutdown(engine.Call, int) error      { return nil }
func (s *fake) Release(engine.Call)                  { s.change(func() { s.released = true }) }
func (s *fake) Setsockopt(_ engine.Call, level, name int, _ []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.aborted = level == unix.SOL_SOCKET && name == unix.SO_LINGER
	return nil
}
func (s *fake) Send(_ engine.Call, m *engine.Message, _ int) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sendErr != nil {
		s.ready |= unix.POLLHUP
		go s.change(func() {})
		return 0, s.sendErr
	}
	s.out = append(s.out, m.Data...)
	return len(m.Data), nil
}

func (s *fake) Recv(_ engine.Call, m *engine.Message, _ int) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := copy(m.Data, s.in)
	s.in = s.in[n:]
	switch {
	case n > 0:
		return n, nil
	case s.failed:
		return 0, unix.ECONNRESET
	case s.sendErr != nil:
		return 0, nil
	}
	s.ready &^= unix.POLLIN
	return 0, unix.EAGAIN
}
