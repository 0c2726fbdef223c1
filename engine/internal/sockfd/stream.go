// SPDX-License-Identifier: Apache-2.0

package sockfd

import (
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// state of a stream.
type state int

const (
	fresh      state = iota // the stand-in is unconnected, as the socket is
	connecting              // the stand-in is connected and not writable
	connected               // data is pumped
	failed                  // connecting failed, which the stand-in shows
	listening
)

// stream is a stream socket's stand-in.
type stream struct {
	x *Socket

	mu    sync.Mutex
	state state
	peer  *os.File // umvu's end, once there is one
	raw   syscall.RawConn
	queue *backlog // of a listening socket

	shut    atomic.Bool   // the guest has shut down sending
	gone    chan struct{} // closed at the last close
	drained chan struct{} // closed when the guest's data is with the stack, and no more will come
	giving  sync.Mutex    // held while data is given to the stack
	broken  bool          // the connection failed while data was given
	filled  chan struct{} // closed when the guest will be given no more data
	refused bool          // data for the guest found it closed; valid when filled is closed
}

// pairer connects stand-ins to peers, through a listening socket that nobody else can reach.
type pairer struct {
	mu   sync.Mutex
	fd   int
	addr unix.Sockaddr
}

func newPairer(path string) (*pairer, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	p := &pairer{fd: fd, addr: &unix.SockaddrUnix{Name: path}}
	if err = unix.Bind(fd, p.addr); err == nil {
		err = unix.Listen(fd, 1)
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return p, nil
}

// connect connects a stand-in and returns its peer.
func (p *pairer) connect(fd int) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := unix.Connect(fd, p.addr); err != nil {
		return -1, err
	}
	for {
		peer, _, err := unix.Accept4(p.fd, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
		if err != unix.EINTR {
			return peer, err
		}
	}
}

// pairs makes the pairer with the first connection.
func (t *Table) pairs() (*pairer, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pair == nil {
		p, err := newPairer(t.dir + "/pair")
		if err != nil {
			return nil, err
		}
		t.pair = p
	}
	return t.pair, nil
}

// attach gives the stand-in fd its peer, with room more bytes sent than the one that stays unread. The lock is held.
func (s *stream) attach(fd, more int) error {
	p, err := s.x.t.pairs()
	if err != nil {
		return err
	}
	peer, err := p.connect(fd)
	if err != nil {
		return err
	}
	return s.adopt(fd, peer, more)
}

// adopt takes over the peer of the stand-in fd. The lock is held, or the stream is new.
func (s *stream) adopt(fd, peer, more int) error {
	// Urgent data is not urgent in the stacks: it comes in line.
	err := unix.SetsockoptInt(peer, unix.SOL_SOCKET, unix.SO_OOBINLINE, 1)
	if err == nil {
		err = widen(peer)
	}
	if err == nil {
		err = widen(fd) // one that was accepted has not inherited it
	}
	if err == nil {
		_, err = unix.SendmsgN(fd, make([]byte, 1+more), nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
	}
	if err != nil {
		unix.Close(peer)
		return err
	}
	if s.peer, err = nonblocking(peer, "stream"); err != nil {
		return err
	}
	s.raw, err = s.peer.SyscallConn()
	return err
}

const (
	// sendBuffer is the size of a stand-in's send buffer in bytes: net.core.wmem_max; the kernel doubles what it is told. The
	// buffer that has the byte that stays unread must leave a stand-in writable, which it is up to a quarter of its
	// buffer (unix_writable()): one that sendfile(2) makes has the 17 pages that a buffer can have.
	sendBuffer = 2 * 212992
	// stuffing is how many bytes make a stand-in not writable: more than a quarter of that.
	stuffing = 128 << 10
)

// newStandIn makes an unconnected stand-in.
func newStandIn(flags int) (int, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|flags, 0)
	if err != nil {
		return -1, err
	}
	if err := widen(fd); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func widen(fd int) error {
	return unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, sendBuffer/2)
}

// run starts the pumps of a connection.
func (s *stream) run() {
	s.state = connected
	go s.pumpOut()
	go s.pumpIn()
}

// reset lets the guest's next read fail with ECONNRESET. The lock is held.
func (s *stream) reset() {
	if s.peer != nil {
		s.peer.Close()
	}
}

// end is the release of the socket after its last close: what the guest wrote before is sent first.
func (s *stream) end() {
	close(s.gone)
	s.mu.Lock()
	st, q := s.state, s.queue
	s.mu.Unlock()
	switch st {
	case connected:
		<-s.drained
		<-s.filled
	case listening:
		q.end()
	}
	if s.unread() || s.refused {
		// A close with data unread resets the connection (net/ipv4/tcp.c:__tcp_close()).
		_ = s.x.Setsockopt(s.x.t.own, unix.SOL_SOCKET, unix.SO_LINGER, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	}
	s.x.Release(s.x.t.own)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reset()
}

// unread tells whether the guest closed the stand-in with data unread.
func (s *stream) unread() bool {
	if s.raw == nil {
		return false
	}
	reset := false
	_ = control(s.raw, func(fd int) error {
		e, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
		reset = err == nil && unix.Errno(e) == unix.ECONNRESET
		return nil
	})
	return reset
}

// dead tells whether the guests have closed the stand-in. One that was shut down both ways looks the same
// and is taken for closed; a socket without a peer is not found.
func (s *stream) dead() bool {
	s.mu.Lock()
	raw := s.raw
	s.mu.Unlock()
	if raw == nil {
		return false
	}
	hup := false
	_ = control(raw, func(fd int) error {
		p := []unix.PollFd{{Fd: int32(fd)}}
		n, err := unix.Poll(p, 0)
		hup = err == nil && n == 1 && p[0].Revents&unix.POLLHUP != 0
		return nil
	})
	return hup
}

// ClearError takes the error from the stand-in, whose descriptor fd is, after the guest has asked for it.
func (x *Socket) ClearError(fd int) {
	if x.stream != nil {
		_, _ = unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	}
}

// Established tells whether data can be sent, or was.
func (x *Socket) Established() bool {
	x.stream.mu.Lock()
	defer x.stream.mu.Unlock()
	return x.stream.state == connected
}

// ShutSending says that the guest's shutdown(2) of the sending side, which is the kernel's to do, is to reach the stack
// behind what was written before. A close does not end that way, for it may have to reset the connection.
func (x *Socket) ShutSending() { x.stream.shut.Store(true) }

// Listening tells whether the socket listens.
func (x *Socket) Listening() bool {
	x.stream.mu.Lock()
	defer x.stream.mu.Unlock()
	return x.stream.state == listening
}

var _ engine.Socket = (*Socket)(nil)
