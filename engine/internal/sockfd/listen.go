// SPDX-License-Identifier: Apache-2.0

package sockfd

import (
	"os"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// backlog is the connections that wait in the stand-in of a listening socket.
type backlog struct {
	s    *stream
	path string // the stand-in's name

	arrived signal // something is in the queue, or the socket does not listen any more
	room    signal // something was taken from it

	mu    sync.Mutex
	queue []waiting // in the order in which the stand-in has them
}

// waiting is a connection that the stack has accepted and the guest has not.
type waiting struct {
	socket engine.Socket
	name   []byte // of its peer
	peer   int    // umvu's end
}

// ListenOn is listen(2); fd is a descriptor of the stand-in.
func (x *Socket) ListenOn(c engine.Call, fd, size int) error {
	s := x.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != fresh && s.state != listening {
		return unix.EINVAL
	}
	if err := x.Listen(c, size); err != nil {
		return err
	}
	if s.state == listening {
		return unix.Listen(fd, size)
	}
	q := &backlog{s: s, path: s.x.t.dir + "/l" + strconv.FormatUint(s.x.t.next.Add(1), 10)}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: q.path}); err != nil {
		return err
	}
	if err := unix.Listen(fd, size); err != nil {
		return err
	}
	s.queue, s.state = q, listening
	go q.fill()
	return nil
}

// fill lets each connection that the stack has wait in the stand-in.
func (q *backlog) fill() {
	x := q.s.x
	for {
		ch := x.Changed()
		n, name, err := x.Socket.Accept(x.t.own)
		if err != nil {
			if err != unix.EAGAIN {
				q.arrived.raise()
			}
			select {
			case <-ch:
				continue
			case <-q.s.gone:
				return
			}
		}
		if !q.add(n, name) {
			refuse(x.t.own, n)
		}
	}
}

// refuse resets a connection that nobody has accepted.
func refuse(c engine.Call, n engine.Socket) {
	_ = n.Setsockopt(c, unix.SOL_SOCKET, unix.SO_LINGER, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	n.Release(c)
}

// add waits until the stand-in has room. False if it is closed.
func (q *backlog) add(n engine.Socket, name []byte) bool {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return false
	}
	for {
		room := q.room.wait()
		q.mu.Lock()
		err := unix.Connect(fd, &unix.SockaddrUnix{Name: q.path})
		if err == nil {
			q.queue = append(q.queue, waiting{n, name, fd})
		}
		q.mu.Unlock()
		switch err {
		case nil:
			q.arrived.raise()
			return true
		case unix.EAGAIN:
			select {
			case <-room:
			case <-q.s.gone:
				unix.Close(fd)
				return false
			}
		case unix.EINTR:
		default:
			unix.Close(fd)
			return false
		}
	}
}

// end resets the connections that nobody has accepted.
func (q *backlog) end() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.refuseAll()
	os.Remove(q.path)
}

// refuseAll resets the connections that wait. The lock is held.
func (q *backlog) refuseAll() {
	for _, w := range q.queue {
		unix.Close(w.peer)
		refuse(q.s.x.t.own, w.socket)
	}
	q.queue = nil
}

// Arrived returns a channel that is closed when another connection waits. It is to be taken before Take.
func (x *Socket) Arrived() <-chan struct{} { return x.stream.queue.arrived.wait() }

// Take accepts a connection: fd is a descriptor of the listening stand-in. The result is as that of [Table.New].
//
// Errors: EAGAIN if none waits, EINVAL if the socket does not listen any more.
func (x *Socket) Take(fd int, nonblock bool) (n *Socket, own int, name []byte, err error) {
	q := x.stream.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.queue) == 0 {
		if v, err := x.Getsockopt(x.t.own, unix.SOL_SOCKET, unix.SO_ACCEPTCONN, 4); err == nil && len(v) > 0 && v[0] == 0 {
			return nil, -1, nil, unix.EINVAL
		}
		return nil, -1, nil, unix.EAGAIN
	}
	flags := unix.SOCK_CLOEXEC
	if nonblock {
		flags |= unix.SOCK_NONBLOCK
	}
	own, _, err = unix.Accept4(fd, flags)
	if err != nil {
		return nil, -1, nil, err
	}
	w := q.queue[0]
	q.queue = q.queue[1:]
	q.room.raise()
	n, err = x.t.accepted(x, w, own)
	if err != nil {
		unix.Close(own)
		refuse(x.t.own, w.socket)
		return nil, -1, nil, err
	}
	return n, own, w.name, nil
}

// accepted registers an accepted connection.
func (t *Table) accepted(from *Socket, w waiting, fd int) (*Socket, error) {
	n := &Socket{Socket: w.socket, Type: from.Type, t: t, use: from.use}
	n.stream = &stream{x: n, gone: make(chan struct{}), drained: make(chan struct{}), filled: make(chan struct{})}
	n.ReceiveTimeout.Store(from.ReceiveTimeout.Load())
	n.SendTimeout.Store(from.SendTimeout.Load())
	if err := n.stream.adopt(fd, w.peer, 0); err != nil {
		return nil, err
	}
	if err := t.enter(n, fd); err != nil {
		n.stream.peer.Close()
		return nil, err
	}
	n.start()
	n.stream.run()
	return n, nil
}

// StopListening resets the connections that nobody has accepted, after the socket was shut down, and lets those that wait in
// accept(2) fail. fd is a descriptor of the stand-in.
func (x *Socket) StopListening(fd int) {
	q := x.stream.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	for range q.queue {
		if own, _, err := unix.Accept4(fd, unix.SOCK_CLOEXEC); err == nil {
			unix.Close(own)
		}
	}
	q.refuseAll()
	q.room.raise()
	q.arrived.raise()
}
