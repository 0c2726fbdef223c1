// SPDX-License-Identifier: Apache-2.0

package vxlan

import (
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/libvdeplug/internal/mactable"
	"vuos.dev/libvdeplug/internal/mmsg"
	"vuos.dev/libvdeplug/plug"
)

// readAny receives from the first socket that has something, beginning with
// the one whose turn it is.
func (c *Conn) readAny(uintptr) bool {
	for range c.fds {
		fd := c.fds[c.turn]
		c.turn = (c.turn + 1) % len(c.fds)
		c.rop.n, c.rop.err = c.rb.Recv(uintptr(fd), c.rop.bufs)
		if c.rop.err != unix.EAGAIN {
			return true
		}
	}
	return false
}

// Recv implements plug.Conn.
func (c *Conn) Recv(bufs [][]byte, sizes []int) (int, error) {
	if err := plug.CheckBuffers(bufs, sizes, plug.MaxFrame); err != nil {
		return 0, err
	}
	c.rmu.Lock()
	defer c.rmu.Unlock()
	for {
		if c.closed.Load() {
			return 0, net.ErrClosed
		}
		c.rop = op{bufs: bufs}
		err := c.poll.Read(c.read)
		if err == nil {
			err = c.rop.err
		}
		n := c.rop.n
		c.rop = op{}
		if err != nil {
			return 0, c.fail("receive", err)
		}
		if kept := c.keep(bufs, sizes, n); kept > 0 {
			return kept, nil
		}
	}
}

// keep learns from n datagrams and moves the frames among them to the front.
func (c *Conn) keep(bufs [][]byte, sizes []int, n int) (kept int) {
	now := time.Now()
	for i := range n {
		size := c.rb.Len(i)
		if size < 0 || c.rb.Truncated(i) || !c.header.Same(c.rb.Head(i)) {
			c.tally.Malformed(1)
			continue
		}
		src, ok := c.from(c.rb.Addr(i))
		switch {
		case !ok: // our own, come back
			continue
		case size == 0 && c.goodbye:
			c.table.Forget(src)
			continue
		case size < plug.MinFrame || size > plug.MaxFrame:
			c.tally.Malformed(1)
			continue
		}
		if kept != i {
			copy(bufs[kept], bufs[i][:size])
		}
		if mac := bufs[kept][6:12]; !mactable.IsGroup(mac) {
			c.table.Learn(mactable.KeyOf(mac, 0), src, now)
		}
		sizes[kept] = size
		kept++
	}
	return kept
}

func (c *Conn) writeOut(fd uintptr) bool {
	c.wop.n, c.wop.err = c.wb.Send(fd, c.wop.from, c.wop.to)
	return c.wop.err != unix.EAGAIN
}

// Send implements plug.Conn.
func (c *Conn) Send(frames [][]byte) (int, error) {
	legal, illegal := plug.CheckFrames(frames, plug.MaxFrame)
	c.wmu.Lock()
	defer c.wmu.Unlock()
	sent := 0
	for sent < legal {
		if c.closed.Load() {
			return sent, net.ErrClosed
		}
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
	now := time.Now()
	for i, f := range frames {
		dst := c.cfg.Group
		if !mactable.IsGroup(f) {
			if known, ok := c.table.Find(mactable.KeyOf(f, 0), now); ok {
				dst = known
			}
		}
		c.wb.PutTo(i, f, dst)
	}
	defer c.wb.Done(len(frames))
	for sent < len(frames) {
		c.wop = op{from: sent, to: len(frames)}
		err := c.out.Write(c.write)
		if err == nil {
			err = c.wop.err
		}
		sent += c.wop.n
		if err != nil {
			return sent, carrier(err)
		}
	}
	return sent, nil
}

// carrier makes ErrNoCarrier of the errors that say the network is away.
func carrier(err error) error {
	for _, e := range []error{unix.ENETDOWN, unix.ENETUNREACH, unix.EHOSTUNREACH, unix.EADDRNOTAVAIL} {
		if errors.Is(err, e) {
			return fmt.Errorf("%w: %w", plug.ErrNoCarrier, err)
		}
	}
	return err
}
