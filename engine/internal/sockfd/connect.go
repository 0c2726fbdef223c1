// SPDX-License-Identifier: Apache-2.0

package sockfd

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Dial is connect(2) of a stream. take makes a descriptor of the stand-in, which is closed again. If the
// connection is in progress when it returns EINPROGRESS, EINTR or EAGAIN, a later call goes on.
func (x *Socket) Dial(c engine.Call, addr []byte, take func() (int, error), nonblock func() bool) error {
	s := x.stream
	if s.hasFailed() {
		return x.failure(c)
	}
	err := x.Connect(c, addr)
	if err == nil {
		return s.established(take)
	}
	if err != unix.EINPROGRESS && err != unix.EALREADY {
		return err
	}
	if nonblock() {
		if serr := s.begin(take); serr != nil {
			return serr
		}
		return err
	}
	werr := x.Await(c, nanoseconds(x.SendTimeout.Load()), x.Changed, func() error {
		if x.Ready()&(unix.POLLOUT|unix.POLLERR|unix.POLLHUP) == 0 {
			return unix.EAGAIN
		}
		return x.Connect(c, addr)
	})
	switch werr {
	case nil:
		return s.established(take)
	case unix.EAGAIN:
		werr = unix.EINPROGRESS
		fallthrough
	case unix.EINTR:
		if serr := s.begin(take); serr != nil {
			return serr
		}
	}
	return werr
}

// failure is the result of connect on a socket that did not get its connection without waiting for it. The kernel's could be
// connected anew after that; a stand-in that shows a failure cannot be taken back.
func (x *Socket) failure(c engine.Call) error {
	v, err := x.Getsockopt(c, unix.SOL_SOCKET, unix.SO_ERROR, 4)
	if err == nil && len(v) == 4 {
		if e := unix.Errno(binary.NativeEndian.Uint32(v)); e != 0 {
			return e
		}
	}
	return unix.ECONNABORTED
}

func (s *stream) hasFailed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state == failed
}

// established makes a stand-in whose connection is there useful.
func (s *stream) established(take func() (int, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.state {
	case connecting:
		return s.finish()
	case fresh:
	default:
		return nil
	}
	if _, err := s.x.Peername(s.x.t.own); err != nil {
		return nil // it was dissolved (AF_UNSPEC)
	}
	fd, err := take()
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := s.attach(fd, 0); err != nil {
		return err
	}
	s.run()
	return nil
}

// begin shows a connection in progress, and sees to what becomes of it.
func (s *stream) begin(take func() (int, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != fresh {
		return nil
	}
	fd, err := take()
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := s.attach(fd, stuffing); err != nil {
		return err
	}
	s.state = connecting
	go s.progress()
	return nil
}

// progress waits for the end of a connect.
func (s *stream) progress() {
	for {
		ch := s.x.Changed()
		ready := s.x.Ready()
		if ready&(unix.POLLOUT|unix.POLLERR|unix.POLLHUP) != 0 {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.state != connecting {
				return
			}
			if ready&(unix.POLLERR|unix.POLLHUP) == 0 {
				_ = s.finish()
				return
			}
			s.state = failed
			s.reset()
			return
		}
		select {
		case <-ch:
		case <-s.gone:
			return
		}
	}
}

// finish makes the stand-in of a new connection writable. The lock is held.
func (s *stream) finish() error {
	junk := make([]byte, stuffing)
	err := control(s.raw, func(fd int) error {
		for got := 0; got < stuffing; {
			n, err := unix.Read(fd, junk[got:])
			if err == unix.EINTR {
				continue
			}
			if err != nil {
				return err
			}
			got += n
		}
		return nil
	})
	s.run()
	return err
}
