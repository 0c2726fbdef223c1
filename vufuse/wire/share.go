// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"golang.org/x/sys/unix"

	"vuos.dev/vufuse/proto"
)

// Adopt makes p, which has no file system, one more port of the connection: requests go to whichever port has a
// reader. theirs is a descriptor of the server's end of the first port: what was sent there and not
// read is taken back by the first call, so that any port may get it (fs/fuse/dev.c:fuse_device_clone()).
func (c *Conn) Adopt(p *Port, theirs int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.shared && c.dead == nil {
		if err := c.takeBack(theirs); err != nil {
			return err
		}
		c.shared = true
	}
	old := p.lock()
	p.conn.Store(c)
	old.mu.Unlock()
	c.ports = append(c.ports, p)
	c.dispatch()
	return nil
}

// takeBack puts what waits in a socket back to the head of the queue. The lock is held.
func (c *Conn) takeBack(fd int) error {
	buf := make([]byte, MaxMessage)
	var back []*message
	for _, w := range c.pending {
		w.port = c.first
	}
	for {
		n, _, err := unix.Recvfrom(fd, buf, unix.MSG_DONTWAIT)
		if retry(err) {
			continue
		}
		if err == unix.EAGAIN {
			break
		}
		if err != nil {
			return err
		}
		if n < proto.InHeaderSize {
			break
		}
		var h proto.InHeader
		copy(h.Raw(), buf)
		if w := c.pending[h.Unique]; w != nil {
			w.port = nil
		}
		back = append(back, &message{h.Unique, [][]byte{append([]byte(nil), buf[:n]...)}})
	}
	c.queue = append(back, c.queue...)
	return nil
}

// dispatch sends what is queued to ports that have a reader, each in its turn. What a port has got nobody else can
// read: a request must not lie where its reader is busy with another one, which may depend on it. As long as
// there is something for whoever comes, ports that are polled are readable. The lock is held.
func (c *Conn) dispatch() {
	for range c.ports {
		c.turn = (c.turn + 1) % len(c.ports)
		p := c.ports[c.turn]
		for p.waiting > 0 && len(c.queue) > 0 {
			c.give(p)
		}
	}
	if len(c.queue) == 0 {
		return
	}
	for _, p := range c.ports {
		if p.polled && !p.marked {
			p.mark()
		}
	}
}

// give sends the first request of the queue to p. The lock is held.
func (c *Conn) give(p *Port) {
	m := c.queue[0]
	sent, err := p.trySend(m)
	if err == nil && !sent {
		p.waiting = 0 // nothing fits now
		return
	}
	c.queue = c.queue[1:]
	if w := c.pending[m.id]; w != nil {
		w.port = p
		if err != nil {
			delete(c.pending, m.id)
			go w.finish(nil, err)
		}
	}
}
