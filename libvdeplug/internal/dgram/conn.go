// SPDX-License-Identifier: Apache-2.0

// Package dgram makes a plug.Conn of a socket that keeps the boundaries of
// messages and has one peer: one datagram is one frame.
package dgram

import (
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/libvdeplug/internal/mmsg"
	"vuos.dev/libvdeplug/plug"
)

// File is a non-blocking descriptor in the runtime's poller: *os.File,
// *net.UDPConn, *net.UnixConn.
type File interface {
	syscall.Conn
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
	Close() error
}

// Config says what kind of socket it is.
type Config struct {
	Plugin, Addr string // for errors
	// Tally counts malformed datagrams.
	Tally *plug.Tally
	// EmptyIsEOF tells that an empty datagram is the end of a connection
	// (SOCK_SEQPACKET).
	EmptyIsEOF bool
	// Transient tells which errors are about the fate of an earlier datagram
	// (ECONNREFUSED on UDP): the call is repeated. Twice in a row in a Send,
	// without any frame sent, is reported as plug.ErrNoCarrier.
	Transient func(error) bool
}

// Conn is a plug.Conn upon one socket.
type Conn struct {
	Config
	file File
	raw  syscall.RawConn
	// closed is for errors: what os and the poller say of a closed file differs
	// from call to call.
	closed atomic.Bool

	rmu  sync.Mutex // protects what follows
	rb   *mmsg.Batch
	rop  op
	read func(uintptr) bool

	wmu   sync.Mutex // protects what follows
	wb    *mmsg.Batch
	wop   op
	write func(uintptr) bool
}

// op is the call under way: what to move, and how it went.
type op struct {
	bufs     [][]byte
	from, to int
	n        int
	err      error
}

// first returns the error of the wait, if any, else that of the operation.
func first(wait, op error) error {
	if wait != nil {
		return wait
	}
	return op
}

// New makes a Conn that owns file.
func New(file File, cfg Config) (*Conn, error) {
	raw, err := file.SyscallConn()
	if err != nil {
		return nil, err
	}
	c := &Conn{Config: cfg, file: file, raw: raw, rb: mmsg.New(0, false), wb: mmsg.New(0, false)}
	c.read = func(fd uintptr) bool {
		c.rop.n, c.rop.err = c.rb.Recv(fd, c.rop.bufs)
		return c.rop.err != unix.EAGAIN
	}
	c.write = func(fd uintptr) bool {
		c.wop.n, c.wop.err = c.wb.Send(fd, c.wop.from, c.wop.to)
		return c.wop.err != unix.EAGAIN
	}
	return c, nil
}

// Recv implements plug.Conn.
func (c *Conn) Recv(bufs [][]byte, sizes []int) (int, error) {
	if err := plug.CheckBuffers(bufs, sizes, plug.MaxFrame); err != nil {
		return 0, err
	}
	c.rmu.Lock()
	defer c.rmu.Unlock()
	for {
		c.rop = op{bufs: bufs}
		wait := c.raw.Read(c.read)
		err := first(wait, c.rop.err)
		n := c.rop.n
		c.rop = op{}
		switch {
		case err == nil:
		case c.transient(err):
			continue
		default:
			return 0, c.fail("receive", err)
		}
		kept, eof := c.keep(bufs, sizes, n)
		if kept > 0 {
			return kept, nil
		}
		if eof {
			return 0, io.EOF
		}
	}
}

// keep moves the frames among n datagrams to the front.
func (c *Conn) keep(bufs [][]byte, sizes []int, n int) (kept int, eof bool) {
	for i := range n {
		size := c.rb.Len(i)
		switch {
		case size == 0 && c.EmptyIsEOF:
			return kept, true
		case size < plug.MinFrame || c.rb.Truncated(i) || size > plug.MaxFrame:
			c.Tally.Malformed(1)
			continue
		}
		if kept != i {
			copy(bufs[kept], bufs[i][:size])
		}
		sizes[kept] = size
		kept++
	}
	return kept, false
}

// Send implements plug.Conn.
func (c *Conn) Send(frames [][]byte) (int, error) {
	legal, illegal := plug.CheckFrames(frames, plug.MaxFrame)
	c.wmu.Lock()
	defer c.wmu.Unlock()
	sent := 0
	for sent < legal {
		n, err := c.sendBatch(frames[sent:min(legal, sent+mmsg.Size)])
		sent += n
		if err != nil {
			return sent, c.fail("send", err)
		}
	}
	return sent, illegal
}

// sendBatch sends at most mmsg.Size frames.
func (c *Conn) sendBatch(frames [][]byte) (sent int, err error) {
	for i, f := range frames {
		c.wb.Put(i, f)
	}
	defer c.wb.Done(len(frames))
	again := false
	for sent < len(frames) {
		c.wop = op{from: sent, to: len(frames)}
		wait := c.raw.Write(c.write)
		err := first(wait, c.wop.err)
		sent += c.wop.n
		switch {
		case err == nil:
			again = false
		case !c.transient(err):
			return sent, err
		case again:
			return sent, fmt.Errorf("%w: %w", plug.ErrNoCarrier, err)
		default:
			again = true
		}
	}
	return sent, nil
}

func (c *Conn) transient(err error) bool { return c.Transient != nil && c.Transient(err) }

func (c *Conn) fail(what string, err error) error {
	if err != nil && c.closed.Load() {
		return net.ErrClosed
	}
	return plug.IOError(c.Plugin, c.Addr, what, err)
}

// MaxFrame implements plug.Conn.
func (c *Conn) MaxFrame() int { return plug.MaxFrame }

// SetReadDeadline implements plug.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error {
	return c.fail("deadline", c.file.SetReadDeadline(t))
}

// SetWriteDeadline implements plug.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	return c.fail("deadline", c.file.SetWriteDeadline(t))
}

// Close implements plug.Conn.
func (c *Conn) Close() error {
	if c.closed.Swap(true) {
		return net.ErrClosed
	}
	return plug.IOError(c.Plugin, c.Addr, "close", c.file.Close())
}

// Stats implements plug.StatsReader.
func (c *Conn) Stats() plug.Stats { return c.Tally.Stats() }

var (
	_ plug.Conn        = (*Conn)(nil)
	_ plug.StatsReader = (*Conn)(nil)
)
