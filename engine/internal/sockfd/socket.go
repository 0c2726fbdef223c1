// SPDX-License-Identifier: Apache-2.0

package sockfd

import (
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Socket is a socket of a stack that guests have open. The calls of a stream that change its state
// (connect, listen, accept) and those that a stand-in cannot do are made through it; everything else is
// engine.Socket's.
type Socket struct {
	engine.Socket
	Type int // SOCK_*

	t   *Table
	ino uint64
	wd  int32
	use Use

	changed signal // the stack's readiness

	// ReceiveTimeout and SendTimeout are how long calls may wait (SO_RCVTIMEO, SO_SNDTIMEO) in nanoseconds; 0: for ever.
	ReceiveTimeout, SendTimeout atomic.Int64

	stream *stream // of a stream socket
	mirror *mirror // of any other
}

// Use is what must stay while a socket is open: the mount of its stack.
type Use interface {
	Get()
	Put()
}

// New makes the stand-in of a new socket. fd is to be installed in the guest and then closed; if it is closed
// without that, the socket is released. After an error it was not.
func (t *Table) New(s engine.Socket, typ int, nonblock bool, use Use) (x *Socket, fd int, err error) {
	x = &Socket{Socket: s, Type: typ, t: t, use: use}
	kind := unix.SOCK_CLOEXEC
	if nonblock {
		kind |= unix.SOCK_NONBLOCK
	}
	if typ == unix.SOCK_STREAM {
		x.stream = &stream{x: x, gone: make(chan struct{}), drained: make(chan struct{}), filled: make(chan struct{})}
		fd, err = newStandIn(kind)
	} else {
		x.mirror, fd, err = newMirror(x, kind)
	}
	if err != nil {
		return nil, -1, err
	}
	if err := t.enter(x, fd); err != nil {
		unix.Close(fd)
		if x.mirror != nil {
			unix.Close(x.mirror.peer)
		}
		return nil, -1, err
	}
	x.start()
	return x, fd, nil
}

func (x *Socket) start() {
	if x.mirror != nil {
		go x.mirror.follow()
		x.Notify(func() {
			x.changed.raise()
			x.mirror.kick()
		})
		return
	}
	x.Notify(x.changed.raise)
}

// IsStream tells whether data goes through the stand-in.
func (x *Socket) IsStream() bool { return x.stream != nil }

// Changed returns a channel that is closed when the stack's readiness may have changed. It is to be taken before the
// socket is asked.
func (x *Socket) Changed() <-chan struct{} { return x.changed.wait() }

// Await calls try until it returns another error than EAGAIN. Between calls it waits for the readiness to
// change.
//
// Errors: EAGAIN after d (0: never), EINTR when c's caller is interrupted, and those of try.
func (x *Socket) Await(c engine.Call, d time.Duration, changed func() <-chan struct{}, try func() error) error {
	var late <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		late = timer.C
	}
	c.Block()
	for {
		ch := changed()
		if err := try(); err != unix.EAGAIN {
			return err
		}
		select {
		case <-ch:
		case <-late:
			return unix.EAGAIN
		case <-c.Interrupted():
			return unix.EINTR
		}
	}
}

// end is the release of the socket after its last close.
func (x *Socket) end() {
	if x.stream != nil {
		x.stream.end()
	} else {
		x.mirror.end()
	}
}

// dead tells whether the stand-in is closed, for the case that the event was lost.
func (x *Socket) dead() bool {
	if x.stream != nil {
		return x.stream.dead()
	}
	return x.mirror.dead()
}
