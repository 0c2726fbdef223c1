// SPDX-License-Identifier: Apache-2.0

package swap

import (
	"net"
	"time"

	"vuos.dev/libvdeplug/plug"
)

// MaxFrame implements plug.Conn.
func (c *Conn) MaxFrame() int { return plug.MaxFrame }

// SetReadDeadline implements plug.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	c.rt = t
	c.rd.Set(t)
	if c.link != nil {
		_ = c.link.SetReadDeadline(t) // a broken link says so at its next use
	}
	return nil
}

// SetWriteDeadline implements plug.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	c.wt = t
	if c.link != nil {
		_ = c.link.SetWriteDeadline(t) // as above
	}
	return nil
}

// Close implements plug.Conn: it closes the link, too. What supervises the
// links has to end by itself when Done says so.
func (c *Conn) Close() error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return net.ErrClosed
	}
	link := c.link
	c.closed = true
	c.set(nil)
	close(c.done)
	c.rd.Set(time.Time{})
	c.mu.Unlock()
	if link != nil {
		return link.Close()
	}
	return nil
}

// Stats implements plug.StatsReader.
func (c *Conn) Stats() plug.Stats { return c.tally.Stats() }

var (
	_ plug.Conn        = (*Conn)(nil)
	_ plug.Carrier     = (*Conn)(nil)
	_ plug.StatsReader = (*Conn)(nil)
)
