// SPDX-License-Identifier: Apache-2.0

package sockfd

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

func nanoseconds(n int64) time.Duration { return time.Duration(n) }

// pumpBytes is the most that is moved at once.
const pumpBytes = 256 << 10

// buffers are held only while there is something to move.
var buffers = sync.Pool{New: func() any { b := make([]byte, pumpBytes); return &b }}

// pumpOut moves what the guest writes to the stack, until the guest closes or shuts down.
func (s *stream) pumpOut() {
	defer close(s.drained)
	for {
		var n int
		var end bool
		var buf *[]byte
		err := s.raw.Read(func(fd uintptr) bool {
			buf = buffers.Get().(*[]byte)
			n, end = fetch(int(fd), *buf)
			if n > 0 || end {
				return true
			}
			buffers.Put(buf)
			buf = nil
			return false
		})
		if err != nil {
			return
		}
		var serr error
		if n > 0 {
			serr = s.send((*buf)[:n])
		}
		buffers.Put(buf)
		if serr != nil {
			// Nobody takes it: the guest's next write fails with EPIPE.
			s.shutdown(unix.SHUT_RD)
			if s.failed() {
				<-s.filled
				s.mu.Lock()
				s.reset()
				s.mu.Unlock()
			}
			return
		}
		if end {
			if s.shut.Load() {
				_ = s.x.Shutdown(s.x.t.own, unix.SHUT_WR)
			}
			return
		}
	}
}

// fetch reads what is new at umvu's end into p and leaves one byte. end tells that no more will come.
func fetch(fd int, p []byte) (n int, end bool) {
	poll := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
	_, _ = unix.Poll(poll, 0)
	queued, err := unix.IoctlGetInt(fd, unix.TIOCINQ)
	if err != nil {
		return 0, true
	}
	want := min(queued, len(p))
	if want < 2 {
		return 0, poll[0].Revents&(unix.POLLRDHUP|unix.POLLHUP) != 0
	}
	// The first byte was sent before; the last one is looked at and stays.
	got, err := unix.Read(fd, p[:want-1])
	if err != nil || got == 0 {
		return 0, err != unix.EINTR && err != unix.EAGAIN
	}
	if k, _, err := unix.Recvfrom(fd, p[got:got+1], unix.MSG_PEEK|unix.MSG_DONTWAIT); err != nil || k != 1 {
		return 0, true
	}
	copy(p, p[1:got+1])
	return got, false
}

// send hands data to the stack, waiting for room.
func (s *stream) send(p []byte) error {
	for len(p) > 0 {
		ch := s.x.Changed()
		n, err := s.give(p)
		p = p[n:]
		switch err {
		case nil:
		case unix.EAGAIN:
			<-ch
		default:
			return err
		}
	}
	return nil
}

// give hands data to the stack, and keeps an error that the connection failed with: the stack tells it once.
func (s *stream) give(p []byte) (int, error) {
	s.giving.Lock()
	defer s.giving.Unlock()
	n, err := s.x.Send(s.x.t.own, &engine.Message{Data: p}, 0)
	if err != nil && err != unix.EAGAIN && err != unix.EPIPE {
		s.broken = true
	}
	return n, err
}

// failed tells whether the connection failed and the stack has told that to who sent.
func (s *stream) failed() bool {
	s.giving.Lock()
	defer s.giving.Unlock()
	return s.broken
}

// pumpIn moves what the stack receives to the guest, until its end.
func (s *stream) pumpIn() {
	defer close(s.filled)
	for {
		ch := s.x.Changed()
		if s.x.Ready()&(unix.POLLIN|unix.POLLRDHUP|unix.POLLHUP|unix.POLLERR) == 0 {
			select {
			case <-ch:
				continue
			case <-s.gone:
				return
			}
		}
		buf := buffers.Get().(*[]byte)
		n, err := s.x.Recv(s.x.t.own, &engine.Message{Data: *buf}, 0)
		if n > 0 {
			err = s.deliver((*buf)[:n])
		}
		buffers.Put(buf)
		switch {
		case n > 0 && err == nil:
		case err == unix.EAGAIN:
			select {
			case <-ch:
			case <-s.gone:
				return
			}
		case n > 0:
			s.refused = true // the guest does not read any more
			return
		case err == nil && !s.failed():
			s.shutdown(unix.SHUT_WR)
			s.awaitReset()
			return
		default:
			s.mu.Lock()
			s.reset()
			s.mu.Unlock()
			return
		}
	}
}

// awaitReset waits, after the end of what is received, for a reset: the guest's next write fails with EPIPE from then on.
func (s *stream) awaitReset() {
	for {
		ch := s.x.Changed()
		if s.x.Ready()&(unix.POLLERR|unix.POLLHUP) != 0 {
			s.shutdown(unix.SHUT_RD)
			return
		}
		select {
		case <-ch:
		case <-s.drained:
			return
		case <-s.gone:
			return
		}
	}
}

// shutdown is shutdown(2) of umvu's end.
func (s *stream) shutdown(how int) {
	_ = control(s.raw, func(fd int) error { return unix.Shutdown(fd, how) })
}

// deliver writes to the guest, waiting for room.
func (s *stream) deliver(p []byte) (err error) {
	rerr := s.raw.Write(func(fd uintptr) bool {
		for len(p) > 0 {
			var n int
			n, err = unix.SendmsgN(int(fd), p, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
			switch err {
			case nil:
				p = p[n:]
			case unix.EINTR:
			case unix.EAGAIN:
				return false
			default:
				return true
			}
		}
		return true
	})
	if rerr != nil {
		return rerr
	}
	return err
}
