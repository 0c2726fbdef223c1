// SPDX-License-Identifier: Apache-2.0

// Package swap makes a lasting plug.Conn of links that come and go: the
// connections to a switch that is restarted, the peers of a line.
package swap

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"vuos.dev/libvdeplug/internal/deadline"
	"vuos.dev/libvdeplug/plug"
)

// Conn hands its calls on to the link plugged in. While there is none, Recv
// waits for one and Send fails with plug.ErrNoCarrier.
//
// Lock order: mu is never held while a link is used, except for setting its
// deadlines.
type Conn struct {
	plugin, addr string
	tally        *plug.Tally

	mu      sync.Mutex
	link    plug.Conn     // nil while unplugged
	changed chan struct{} // closed and replaced when link changes
	closed  bool
	rt, wt  time.Time // deadlines, for the next link

	rd   deadline.Deadline
	done chan struct{} // closed by Close
}

// New makes a Conn with no link; the names are for errors.
func New(plugin, addr string, tally *plug.Tally) *Conn {
	return &Conn{
		plugin: plugin, addr: addr, tally: tally,
		changed: make(chan struct{}), done: make(chan struct{}),
	}
}

// Done returns a channel that is closed by Close.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Plug makes link the one in use, if there is none. Otherwise, or after
// Close, it returns false and link stays the caller's.
func (c *Conn) Plug(link plug.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.link != nil {
		return false
	}
	// A link that is broken already says so at its first use.
	_ = link.SetReadDeadline(c.rt)
	_ = link.SetWriteDeadline(c.wt)
	c.set(link)
	return true
}

// Unplug takes link out and closes it, unless that has happened already.
func (c *Conn) Unplug(link plug.Conn) {
	c.mu.Lock()
	mine := c.link == link
	if mine {
		c.set(nil)
	}
	c.mu.Unlock()
	if mine {
		_ = link.Close()
	}
}

// set changes the link; mu is held.
func (c *Conn) set(link plug.Conn) {
	c.link = link
	close(c.changed)
	c.changed = make(chan struct{})
}

// Link returns the link in use, nil if there is none, and a channel that is
// closed when that changes.
func (c *Conn) Link() (link plug.Conn, changed <-chan struct{}, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, nil, net.ErrClosed
	}
	return c.link, c.changed, nil
}

// Carrier implements plug.Carrier.
func (c *Conn) Carrier() (up bool, changed <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.link != nil, c.changed
}

// Recv implements plug.Conn.
func (c *Conn) Recv(bufs [][]byte, sizes []int) (int, error) {
	if err := plug.CheckBuffers(bufs, sizes, plug.MaxFrame); err != nil {
		return 0, err
	}
	for {
		link, changed, err := c.Link()
		if err != nil {
			return 0, err
		}
		if link == nil {
			select {
			case <-changed:
				continue
			case <-c.rd.Passed():
				return 0, os.ErrDeadlineExceeded
			}
		}
		n, err := link.Recv(bufs, sizes)
		if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		c.Unplug(link)
	}
}

// Send implements plug.Conn.
func (c *Conn) Send(frames [][]byte) (int, error) {
	link, _, err := c.Link()
	if err != nil {
		return 0, err
	}
	if link == nil {
		if _, err := plug.CheckFrames(frames[:min(1, len(frames))], plug.MaxFrame); err != nil {
			return 0, err
		}
		return 0, c.noCarrier(nil)
	}
	n, err := link.Send(frames)
	var size *plug.FrameSizeError
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &size) {
		return n, err
	}
	c.Unplug(link)
	if _, _, closed := c.Link(); closed != nil {
		return n, closed
	}
	return n, c.noCarrier(err)
}

func (c *Conn) noCarrier(cause error) error {
	err := plug.ErrNoCarrier
	if cause != nil {
		err = &lostError{cause}
	}
	return &plug.OpError{Plugin: c.plugin, Addr: c.addr, What: "send", Err: err}
}

// lostError is ErrNoCarrier with the error by which it was noticed.
type lostError struct{ cause error }

func (e *lostError) Error() string   { return plug.ErrNoCarrier.Error() + " (" + e.cause.Error() + ")" }
func (e *lostError) Unwrap() []error { return []error{plug.ErrNoCarrier, e.cause} }
