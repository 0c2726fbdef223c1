// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

// Port is our end of one descriptor of the server's (struct fuse_dev). A connection has one, and more if the
// server clones its device.
type Port struct {
	f       *os.File
	raw     syscall.RawConn
	events  *events
	conn    atomic.Pointer[Conn]
	reading sync.Once
	ended   chan struct{} // closed when the reader is done

	// Guarded by the mu of the connection.
	readers map[int]bool // threads that were let into a read and have not come back
	room    int          // what the last of them had room for, in bytes; 0 before the first
	waiting int          // how many of them nothing was sent for
	polled  bool         // reads do not wait
	marked  bool         // something that is no request is there, so that it polls as readable
}

// newPort takes over fd if it succeeds, and makes it blocking, which keeps it out of Go's poller.
func newPort(fd int) (*Port, error) {
	if err := unix.SetNonblock(fd, false); err != nil {
		return nil, err
	}
	e, err := newEvents(fd)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "fuse")
	raw, err := f.SyscallConn()
	if err != nil {
		e.close()
		f.Close()
		return nil, err
	}
	return &Port{f: f, raw: raw, events: e, ended: make(chan struct{}), readers: make(map[int]bool)}, nil
}

// close ends the reader and closes our end.
func (p *Port) close() {
	p.events.close()
	p.f.Close()
}

// lock locks the connection, which may be changing.
func (p *Port) lock() *Conn {
	for {
		c := p.conn.Load()
		c.mu.Lock()
		if c == p.conn.Load() {
			return c
		}
		c.mu.Unlock()
	}
}

// Listen begins to read from the server.
func (p *Port) Listen() { p.reading.Do(func() { go p.read() }) }

// Ended is closed when the server's end is gone.
func (p *Port) Ended() <-chan struct{} { return p.ended }

// Enter notes that thread tid of the server is let into a read with so much room. theirs gives a descriptor of the server's end, which
// Enter closes.
func (p *Port) Enter(tid, room int, theirs func() (int, error)) error {
	c := p.lock()
	defer c.mu.Unlock()
	p.readers[tid] = true
	p.room = room
	if p.marked {
		if err := p.unmark(theirs); err != nil {
			return err
		}
	}
	if !p.polled {
		p.waiting = min(p.waiting+1, len(p.readers))
		if c.shared {
			c.dispatch()
		}
	} else if c.shared && len(c.queue) > 0 {
		c.give(p)
		c.dispatch()
	}
	return nil
}

// Leave notes that thread tid of the server is back.
func (p *Port) Leave(tid int) {
	c := p.lock()
	defer c.mu.Unlock()
	delete(p.readers, tid)
	p.waiting = min(p.waiting, len(p.readers))
}

// SetPolled tells whether the server polls for requests instead of waiting in a read.
func (p *Port) SetPolled(polled bool) {
	c := p.lock()
	defer c.mu.Unlock()
	p.polled = polled
	if c.shared {
		c.dispatch()
	}
}

// mark makes the port readable.
func (p *Port) mark() {
	_ = p.raw.Control(func(fd uintptr) {
		p.marked = unix.Sendto(int(fd), []byte{0}, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, nil) == nil
	})
}

// unmark takes back what mark sent.
func (p *Port) unmark(theirs func() (int, error)) error {
	fd, err := theirs()
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var b [1]byte
	_, _, err = unix.Recvfrom(fd, b[:], unix.MSG_DONTWAIT)
	p.marked = false
	return err
}

// trySend sends m if there is room. A server that is gone is not an error here: the
// reader finds that out and ends all that waits.
func (p *Port) trySend(m *message) (sent bool, err error) {
	cerr := p.raw.Control(func(fd uintptr) {
		for {
			_, err = unix.SendmsgBuffers(int(fd), m.parts, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
			if !retry(err) {
				return
			}
		}
	})
	switch {
	case cerr != nil:
		return false, unix.ENOTCONN
	case err == unix.EAGAIN || err == unix.ENOBUFS:
		return false, nil
	case err == unix.EPIPE || err == unix.ECONNRESET:
		return true, nil
	case err != nil:
		return false, unix.EIO
	}
	p.waiting = max(p.waiting-1, 0)
	return true, nil
}

// Close ends what the server read here and has not answered, and the connection if this is its last port
// (fs/fuse/dev.c:fuse_dev_release()).
func (p *Port) Close() {
	c := p.lock()
	last := len(c.ports) == 1 && c.ports[0] == p
	var lost []*call
	if !last {
		c.ports = slices.DeleteFunc(c.ports, func(q *Port) bool { return q == p })
		for id, w := range c.pending {
			if w.port == p {
				delete(c.pending, id)
				lost = append(lost, w)
			}
		}
	}
	c.mu.Unlock()
	for _, w := range lost {
		w.finish(nil, unix.ECONNABORTED)
	}
	if last {
		c.Cut()
	}
	p.close()
}

// finish ends the stream of requests: what was sent before can still be read.
func (p *Port) finish() {
	_ = p.raw.Control(func(fd uintptr) { unix.Shutdown(int(fd), unix.SHUT_WR) })
}

// Receive takes one message that the server wrote, with the call by if that is known. Its error is what write(2) on /dev/fuse
// returns for it: EINVAL for a malformed message, ENOENT for an answer to what was not read here. The one who waits
// for a malformed answer gets EIO.
func (p *Port) Receive(by engine.Call, msg []byte) error {
	c := p.conn.Load()
	rep, err := proto.ParseReply(msg)
	switch {
	case rep.Unique == 0 && err != nil:
		return err
	case rep.Unique == 0:
		return c.notified(rep)
	case rep.Unique&1 != 0:
		if err != nil {
			return err
		}
		return c.interrupted(rep)
	}
	return c.answered(by, p, rep, err)
}
