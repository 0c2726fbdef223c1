// SPDX-License-Identifier: Apache-2.0

package sockfd

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// mirror makes a datagram stand-in poll as the socket does.
type mirror struct {
	x    *Socket
	peer int           // umvu's end: the stand-in is connected to it, and not the other way round
	name unix.Sockaddr // the stand-in's
	own  unix.Sockaddr // the peer's
	news chan struct{} // of one: the readiness may have changed
	gone chan struct{} // closed at the last close

	mu     sync.Mutex // held from the look at the socket until it is shown
	shown  uint32     // events that the stand-in shows, of in, fail and full
	take   takeFunc   // of a socket that guests have mapped
	helper int        // sends to the peer in the place of the stand-in; -1 until it is needed
}

// What a stand-in shows besides being writable.
const (
	in   = unix.POLLIN
	fail = unix.POLLERR
	full = unix.POLLOUT // not writable
)

// filler is a message that fills a send buffer of the least size.
var filler = make([]byte, 2048)

// newMirror makes a stand-in and its peer.
func newMirror(x *Socket, kind int) (m *mirror, fd int, err error) {
	p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|kind, 0)
	if err != nil {
		return nil, -1, err
	}
	m = &mirror{x: x, peer: p[1], helper: -1, news: make(chan struct{}, 1), gone: make(chan struct{})}
	if err = m.setup(p[0]); err != nil {
		unix.Close(p[0])
		unix.Close(p[1])
		return nil, -1, err
	}
	return m, p[0], nil
}

// setup names both ends, so that each can be sent to while the peer is not connected.
func (m *mirror) setup(fd int) (err error) {
	if err := unix.SetNonblock(m.peer, true); err != nil {
		return err
	}
	if m.name, err = autobind(fd); err != nil {
		return err
	}
	if m.own, err = autobind(m.peer); err != nil {
		return err
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, 1); err != nil {
		return err
	}
	return disconnect(m.peer)
}

// autobind gives a socket an abstract name that the kernel chooses (unix(7)).
func autobind(fd int) (unix.Sockaddr, error) {
	if err := unix.Bind(fd, &unix.SockaddrUnix{}); err != nil {
		return nil, err
	}
	return unix.Getsockname(fd)
}

// kick says that the readiness may have changed. It never waits and calls nobody.
func (m *mirror) kick() {
	select {
	case m.news <- struct{}{}:
	default:
	}
}

// follow shows what the stack tells until the last close.
func (m *mirror) follow() {
	look := staleAfter
	for {
		var stale <-chan time.Time
		if m.mayBeStale() {
			stale = time.After(look)
		}
		select {
		case <-m.news:
			m.show()
			look = staleAfter
		case <-stale:
			m.refresh()
			look = min(look+look/staleShare, staleMost)
		case <-m.gone:
			return
		}
	}
}

// show brings up to date what can be without a descriptor of the stand-in.
func (m *mirror) show() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.update()
}

// update is show with the lock held.
func (m *mirror) update() {
	ready, shown := m.x.Ready(), m.shown
	if shown&full != 0 && ready&unix.POLLOUT != 0 {
		m.drainPeer()
		shown &^= full
	}
	if ready&in != 0 && shown&in == 0 && unix.Sendto(m.peer, []byte{0}, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, m.name) == nil {
		shown |= in
	}
	if ready&fail != 0 && shown&fail == 0 && m.raiseError() == nil {
		shown = shown&^full | fail
	}
	m.shown = shown
}

// raiseError makes the stand-in poll as failed: its peer connects to it and disconnects with a message unread.
func (m *mirror) raiseError() error {
	if m.helper < 0 {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			return err
		}
		m.helper = fd
	}
	// Where the queue is full already, that serves as well.
	_ = unix.Sendto(m.helper, []byte{0}, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, m.own)
	if err := unix.Connect(m.peer, m.name); err != nil {
		return err
	}
	return disconnect(m.peer)
}

func (m *mirror) drainPeer() {
	var b [1]byte
	for {
		if _, _, err := unix.Recvfrom(m.peer, b[:], unix.MSG_DONTWAIT); err != nil && err != unix.EINTR {
			return
		}
	}
}

// Settled tells whether the stand-in shows what is true: if not, Settle is to be called. lacked are the events
// that the caller has just found not to be: POLLIN if there was nothing to receive, POLLOUT if there was no room to send.
func (x *Socket) Settled(lacked uint32) bool {
	m := x.mirror
	m.mu.Lock()
	defer m.mu.Unlock()
	shown := m.shown & (in | fail)
	return lacked&full == 0 && shown&lacked == 0 && (shown == 0 || shown&^x.Ready() == 0)
}

// Settle undoes what the stand-in shows and is not true any more; fd is a descriptor of it. What the caller lacked
// is shown anew when it is there: a message that came in the meantime is an edge for epoll (EPOLLET).
func (x *Socket) Settle(fd int, lacked uint32) {
	m := x.mirror
	m.mu.Lock()
	defer m.mu.Unlock()
	ready := m.x.Ready()
	if m.shown&fail != 0 { // it would be the result of the next call; if it still holds it is raised again
		_, _ = unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
		m.shown &^= fail
	}
	if m.shown&in != 0 && (ready&in == 0 || lacked&in != 0) {
		var b [1]byte
		_, _, _ = unix.Recvfrom(fd, b[:], unix.MSG_DONTWAIT)
		m.shown &^= in
	}
	if lacked&full != 0 && m.shown&full == 0 && ready&unix.POLLOUT == 0 {
		if unix.Sendto(fd, filler, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, nil) == nil {
			m.shown |= full
		}
	}
	m.update()
}

func (m *mirror) end() {
	close(m.gone)
	m.x.Release(m.x.t.own)
	m.mu.Lock()
	defer m.mu.Unlock()
	unix.Close(m.peer)
	if m.helper >= 0 {
		unix.Close(m.helper)
	}
	m.peer, m.helper = -1, -1
}

// dead connects to the stand-in, which fails if it is closed. That may show an error that is none, if data is unread
// at the peer; the guest's next call takes it back.
func (m *mirror) dead() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	err := unix.Connect(m.peer, m.name)
	if err == nil {
		_ = disconnect(m.peer)
		m.kick()
	}
	return err == unix.ECONNREFUSED
}
