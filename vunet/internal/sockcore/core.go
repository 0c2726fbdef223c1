// SPDX-License-Identifier: Apache-2.0

// Package sockcore is what sockets without a protocol stack below them have in
// common (netlink and packet sockets): a queue of messages, and the options of level
// SOL_SOCKET.
package sockcore

import (
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// DefaultBuffer is net.core.rmem_default in bytes, MaxBuffer what a socket may ask
// for.
const (
	DefaultBuffer = 212992
	MaxBuffer     = 8 << 20
)

// Core is the common part. Embed it; Init it before use. Its methods may be
// called from any goroutine.
type Core struct {
	Domain, Type, Protocol int
	Ino                    uint64
	UID                    uint32

	shown  atomic.Uint64 // inode number that the guests see, once it is known
	notify atomic.Pointer[func()]

	mu      sync.Mutex
	ints    map[int]int32
	rcvTime time.Duration
	sndTime time.Duration
	err     unix.Errno
	queue   []Packet
	bytes   int
	drops   uint32
	closed  bool
}

// Packet is a message that waits to be received.
type Packet struct {
	Data    []byte
	Addr    []byte
	Control func() []byte // nil, or makes the control messages at the time of receipt
	Full    int           // length before it was cut; 0: that of Data
	Stamp   time.Time
}

// Events of poll(2) that x/sys/unix lacks on Linux.
const (
	pollRdNorm = 0x40
	pollWrNorm = 0x100
	pollWrBand = 0x200
)

// overhead is charged to the receive buffer for each message besides its data.
const overhead = 256

// Init fills in what a new socket is.
func (c *Core) Init(domain, typ, protocol int, ino uint64, uid uint32) {
	c.Domain, c.Type, c.Protocol, c.Ino, c.UID = domain, typ, protocol, ino, uid
	c.ints = map[int]int32{unix.SO_RCVBUF: DefaultBuffer, unix.SO_SNDBUF: DefaultBuffer}
}

// Notify implements engine.Socket.
func (c *Core) Notify(f func()) {
	c.notify.Store(&f)
	f()
}

// Inode is the socket's number in /proc/net.
func (c *Core) Inode() uint64 {
	if n := c.shown.Load(); n != 0 {
		return n
	}
	return c.Ino
}

// Number implements engine.SocketNumberer.
func (c *Core) Number(ino uint64) { c.shown.Store(ino) }

// Wake tells the engine that something may have changed.
func (c *Core) Wake() {
	if f := c.notify.Load(); f != nil {
		(*f)()
	}
}

// Close drops the queue; nothing is queued any more.
func (c *Core) Close() {
	c.notify.Store(nil)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed, c.queue, c.bytes = true, nil, 0
}

// Push queues a message: false, and counted, if the receive buffer is full.
func (c *Core) Push(p Packet) bool {
	c.mu.Lock()
	if c.closed || c.bytes >= int(c.ints[unix.SO_RCVBUF]) {
		c.drops++
		c.mu.Unlock()
		return false
	}
	c.queue = append(c.queue, p)
	c.bytes += len(p.Data) + overhead
	c.mu.Unlock()
	c.Wake()
	return true
}

// Fail sets the error that the next call returns (sk_err).
func (c *Core) Fail(e unix.Errno) {
	c.mu.Lock()
	c.err = e
	c.mu.Unlock()
	c.Wake()
}

// takeErr returns the pending error once. The lock is held.
func (c *Core) takeErr() error {
	if e := c.err; e != 0 {
		c.err = 0
		return e
	}
	return nil
}

// Next takes or peeks the first message.
//
// Errors: EAGAIN if there is none, or the pending error.
func (c *Core) Next(peek bool) (Packet, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.takeErr(); err != nil {
		return Packet{}, err
	}
	if len(c.queue) == 0 {
		return Packet{}, unix.EAGAIN
	}
	p := c.queue[0]
	if !peek {
		c.queue[0] = Packet{}
		c.queue = c.queue[1:]
		c.bytes -= len(p.Data) + overhead
		if len(c.queue) == 0 {
			c.queue = nil
		}
	}
	return p, nil
}

// Recv is recvmsg upon the queue.
func (c *Core) Recv(_ engine.Call, m *engine.Message, flags int) (int, error) {
	m.Flags = 0
	if flags&unix.MSG_ERRQUEUE != 0 {
		return 0, unix.EAGAIN
	}
	if flags&unix.MSG_OOB != 0 {
		return 0, unix.EOPNOTSUPP
	}
	p, err := c.Next(flags&unix.MSG_PEEK != 0)
	if err != nil {
		return 0, err
	}
	n := copy(m.Data, p.Data)
	full := max(p.Full, len(p.Data))
	if n < full {
		m.Flags |= unix.MSG_TRUNC
	}
	m.Addr = p.Addr
	m.Control = nil
	if p.Control != nil {
		m.Control = p.Control()
	}
	if flags&unix.MSG_TRUNC != 0 {
		return full, nil
	}
	return n, nil
}

// Ready implements engine.Socket.
func (c *Core) Ready() uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	ev := uint32(unix.POLLOUT | pollWrNorm | pollWrBand)
	if len(c.queue) > 0 {
		ev |= unix.POLLIN | pollRdNorm
	}
	if c.err != 0 {
		ev |= unix.POLLERR
	}
	return ev
}

// Pending is the length of the first message (FIONREAD), Queued the bytes of all,
// Dropped how many were dropped since the last time it was asked with reset.
func (c *Core) Pending() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		return 0
	}
	return len(c.queue[0].Data)
}

// Queued is how many bytes wait.
func (c *Core) Queued() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes
}

// Dropped is how many messages found no room since it was last reset.
func (c *Core) Dropped(reset bool) uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.drops
	if reset {
		c.drops = 0
	}
	return n
}

// Listen, Accept, Peername and Shutdown implement engine.Socket for sockets
// that do not have them.
func (*Core) Listen(engine.Call, int) error { return unix.EOPNOTSUPP }

// Accept implements engine.Socket.
func (*Core) Accept(engine.Call) (engine.Socket, []byte, error) {
	return nil, nil, unix.EOPNOTSUPP
}

// Shutdown implements engine.Socket.
func (*Core) Shutdown(engine.Call, int) error { return unix.EOPNOTSUPP }
