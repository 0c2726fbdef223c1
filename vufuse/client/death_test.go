// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine/enginetest"
	"vuos.dev/vufuse/client"
	"vuos.dev/vufuse/proto"
	"vuos.dev/vufuse/wire"
)

// TestServerDies checks that everybody who waits for a server that dies gets ECONNABORTED, and
// everybody after that ENOTCONN, and that it can be unmounted.
func TestServerDies(t *testing.T) {
	for name, kill := range map[string]func(s *server, m *mounted){
		"closed":  func(s *server, _ *mounted) { unix.Shutdown(s.fd, unix.SHUT_RDWR) },
		"aborted": func(_ *server, m *mounted) { m.Abort() },
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.small()
			m := s.mount(client.Options{})
			h, err := m.tree.Open("f", unix.O_RDONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			s.on(proto.Read, func(*request) {}) // never answered
			const waiters = 10
			errs := make(chan error, waiters)
			for range waiters {
				go func() {
					_, err := h.ReadAt(make([]byte, 10), 0)
					errs <- err
				}()
			}
			s.until(func() bool { return s.counts[proto.Read] == waiters })
			kill(s, m)
			for range waiters {
				if err := <-errs; err != unix.ECONNABORTED {
					t.Errorf("waiting: %v", err)
				}
			}
			if _, err := h.ReadAt(make([]byte, 10), 0); err != unix.ENOTCONN {
				t.Errorf("reading: %v", err)
			}
			if _, err := m.tree.Stat("other"); err != unix.ENOTCONN {
				t.Errorf("looking up: %v", err)
			}
			h.Close()
			if err := m.Unmount(m.call); err != nil {
				t.Errorf("unmount: %v", err)
			}
		})
	}
}

// TestDiesDuringInit checks a server that ends before it has answered INIT.
func TestDiesDuringInit(t *testing.T) {
	ours, theirs, err := wire.Pair()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := wire.New(ours)
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(theirs)
	h := &enginetest.Host{}
	if _, err := client.New(enginetest.NewCall(), h, conn, client.Options{}); err != unix.ECONNABORTED && err != unix.ENOTCONN {
		t.Fatal(err)
	}
	if h.Devs() != 0 {
		t.Error("device number lost")
	}
}

// TestInterrupt checks that a signal makes an INTERRUPT, and that the server decides what comes of it.
func TestInterrupt(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer func(s *server, intr, read *request)
		want   error
	}{
		{"given up", func(s *server, _, read *request) { s.reply(read, unix.EINTR) }, unix.EINTR},
		{"done anyway", func(s *server, _, read *request) { s.reply(read, 0, 'x') }, nil},
		{"not known", func(s *server, intr, read *request) {
			s.reply(intr, unix.ENOSYS)
			s.reply(read, 0, 'x')
		}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newServer(t)
			s.small()
			m := s.mount(client.Options{})
			h, err := m.tree.Open("f", unix.O_RDONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			var read *request
			m.call.Stop = make(chan struct{})
			s.on(proto.Read, func(q *request) {
				read = q
				close(m.call.Stop)
			})
			s.on(proto.Interrupt, func(q *request) {
				var in proto.InterruptIn
				copy(in.Raw(), q.body)
				if in.Unique != read.Unique || q.Unique != read.Unique|1 {
					t.Errorf("interrupt %d of %d, not of %d", q.Unique, in.Unique, read.Unique)
				}
				test.answer(s, q, read)
			})
			if _, err := h.ReadAt(make([]byte, 1), 0); err != test.want {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if n := s.count(proto.Interrupt); n != 1 {
				t.Errorf("%d INTERRUPT", n)
			}
		})
	}
}

// TestInterruptAgain checks that an INTERRUPT which the server got too early is repeated.
func TestInterruptAgain(t *testing.T) {
	s := newServer(t)
	m := s.mount(client.Options{})
	var lookup *request
	m.call.Stop = make(chan struct{})
	s.on(proto.Lookup, func(q *request) {
		lookup = q
		close(m.call.Stop)
	})
	times := 0
	s.on(proto.Interrupt, func(q *request) {
		if times++; times < 3 {
			s.reply(q, unix.EAGAIN)
			return
		}
		s.reply(lookup, unix.EINTR)
	})
	if _, err := m.tree.Stat("x"); err != unix.EINTR {
		t.Fatal(err)
	}
}
