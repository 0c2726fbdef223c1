// SPDX-License-Identifier: Apache-2.0

// Package wire carries FUSE requests over a descriptor that keeps message boundaries, in practice one
// end of an AF_UNIX SOCK_SEQPACKET pair whose other end the server takes for its /dev/fuse: one
// message is one request or one reply, many are under way at once.
package wire

import (
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"vuos.dev/vufuse/client"
	"vuos.dev/vufuse/proto"
)

// maxData is the most data in one message. With its header it fits the send buffer that a
// socket has by default (net.core.wmem_default).
const maxData = 128 << 10

// MaxMessage is the longest message that is understood, in bytes.
const MaxMessage = maxData + proto.MaxHeader

// maxSpliced is the most data in one reply of a server that may splice it into its channel: splice(2) sends
// 16 buffers at a time as one message, which are the header and 15 pages, not all of them
// full. go-fuse splices although INIT does not offer it.
const maxSpliced = 14 * proto.PageSize

// step between the numbers of requests; an odd one is the INTERRUPT of the number before.
const step = 2

// Conn is a connection to a server. It implements [client.Transport].
type Conn struct {
	// Whole is set before Start where all that a server splices into its channel at once comes as one message.
	Whole bool

	first *Port // the one it began with

	maxReply    int
	minor       atomic.Uint32
	setxattrExt atomic.Bool
	noInterrupt atomic.Bool

	started chan struct{} // closed when INIT is sent

	mu       sync.Mutex
	notifier client.Notifier // nil before Start
	seq      uint64
	dead     error
	pending  map[uint64]*call
	queue    []*message // what the socket had no room for, or what no port has a reader for
	ports    []*Port
	shared   bool // requests are for any port
	turn     int  // the port that got a request last
}

var _ client.Transport = (*Conn)(nil)

// New takes over fd, which must keep message boundaries.
func New(fd int) (*Conn, error) {
	p, err := newPort(fd)
	if err != nil {
		return nil, err
	}
	c := &Conn{first: p, ports: []*Port{p}, started: make(chan struct{}), pending: make(map[uint64]*call)}
	p.conn.Store(c)
	c.minor.Store(proto.Minor)
	return c, nil
}

// Pair makes a pair of sockets: one end for [New], the other for the server.
func Pair() (ours, server int, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, -1, err
	}
	for _, fd := range fds {
		// More room is better, but the default will do.
		if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, 1<<20) != nil {
			unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, 1<<20)
		}
	}
	return fds[0], fds[1], nil
}

// Connect makes a connection and the server's end of it.
func Connect() (c *Conn, server int, err error) {
	ours, server, err := Pair()
	if err != nil {
		return nil, -1, err
	}
	if c, err = New(ours); err != nil {
		unix.Close(ours)
		unix.Close(server)
		return nil, -1, err
	}
	return c, server, nil
}

// Listen begins to read from the server before [Conn.Start], so that [Conn.Ended] tells when it is gone. Messages
// before Start answer nothing and are dropped.
func (c *Conn) Listen() { c.first.Listen() }

// Port is the port that the connection began with.
func (c *Conn) Port() *Port { return c.first }

// Start implements [client.Transport].
func (c *Conn) Start(n client.Notifier, in *proto.InitIn) (*proto.InitOut, error) {
	c.mu.Lock()
	c.notifier = n
	c.mu.Unlock()
	c.Listen()
	out := new(proto.InitOut)
	r := &client.Request{Op: proto.Init, In: in, Buf: out.Raw()}
	w := newWait(nil, r)
	_, err := c.send(w)
	close(c.started)
	if err == nil {
		err = <-w.done
	}
	if err != nil {
		return nil, err
	}
	if r.N < 8 { // FUSE_COMPAT_INIT_OUT_SIZE
		return nil, unix.EIO
	}
	c.maxReply = maxData
	if !c.Whole && out.Flags&proto.AtomicOTrunc == 0 { // libfuse3 takes it, go-fuse does not
		c.maxReply = maxSpliced
	}
	return out, nil
}

// Started is closed when INIT is on its way to the server, or cannot be sent.
func (c *Conn) Started() <-chan struct{} { return c.started }

// MaxData implements [client.Transport].
func (c *Conn) MaxData() int { return maxData }

// MaxReply implements [client.Transport].
func (c *Conn) MaxReply() int { return c.maxReply }

// Negotiated implements [client.Transport].
func (c *Conn) Negotiated(minor uint32, setxattrExt bool) {
	c.minor.Store(minor)
	c.setxattrExt.Store(setxattrExt)
}

// Abort implements [client.Transport].
func (c *Conn) Abort() {
	c.Cut()
	c.mu.Lock()
	ports := slices.Clone(c.ports)
	c.mu.Unlock()
	for _, p := range ports {
		p.close()
	}
}

// Cut is Abort that goes on listening, until the server closes its end.
func (c *Conn) Cut() {
	c.mu.Lock()
	if c.dead != nil {
		c.mu.Unlock()
		return
	}
	c.dead = unix.ENOTCONN
	waiting := c.pending
	c.pending, c.queue = nil, nil
	n := c.notifier
	c.mu.Unlock()
	if n != nil {
		n.Ended()
	}
	for _, w := range waiting {
		w.finish(nil, unix.ECONNABORTED)
	}
}

// Close implements [client.Transport]: the server reads the end of the file, and is gone when the
// last copy of its end is closed, even if it went into the background.
func (c *Conn) Close(done <-chan struct{}) {
	c.first.finish()
	select {
	case <-c.first.ended:
	case <-done:
	}
	c.Abort()
}

// Ended is closed when the server's end is gone.
func (c *Conn) Ended() <-chan struct{} { return c.first.ended }

// retry tells whether a system call on the socket is worth repeating at once.
func retry(err error) bool { return errors.Is(err, unix.EINTR) }
