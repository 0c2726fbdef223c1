// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/client"
	"vuos.dev/vufuse/proto"
)

// read takes messages from the server until its end is closed, and then ends
// everything that waits for it.
func (p *Port) read() {
	defer close(p.ended)
	defer p.Close()
	buf := make([]byte, MaxMessage)
	for {
		n, err := p.readMessage(buf)
		if n == 0 || err != nil {
			return
		}
		p.Receive(nil, buf[:n]) //nolint:errcheck // the server cannot be told
	}
}

// readMessage reads one message, and sends what is queued while it waits. A message that is longer than buf is cut, and so
// fails the check of its length.
func (p *Port) readMessage(buf []byte) (n int, err error) {
	werr := p.events.wait(func() bool {
		p.drain()
		err = unix.ENOTCONN
		_ = p.raw.Control(func(fd uintptr) {
			for {
				n, _, err = unix.Recvfrom(int(fd), buf, unix.MSG_DONTWAIT)
				if !retry(err) {
					return
				}
			}
		})
		return err != unix.EAGAIN
	})
	if werr != nil {
		return 0, werr
	}
	return n, err
}

// answered takes a reply that came by p; err is what is wrong with its form.
func (c *Conn) answered(by engine.Call, p *Port, rep proto.Reply, err error) error {
	c.mu.Lock()
	w := c.pending[rep.Unique]
	if w != nil && c.shared && w.port != p {
		w = nil
	} else {
		delete(c.pending, rep.Unique)
	}
	c.mu.Unlock()
	switch {
	case err != nil:
		if w != nil {
			w.finish(by, unix.EIO)
		}
		return err
	case w == nil:
		return unix.ENOENT
	}
	if rep.Errno != 0 {
		w.finish(by, rep.Errno)
		return nil
	}
	if !c.fill(w.r, rep.Body) {
		w.finish(by, unix.EIO)
		return unix.EINVAL
	}
	w.finish(by, nil)
	return nil
}

// notified passes a notification on. Before Start there is nobody to take it.
func (c *Conn) notified(rep proto.Reply) error {
	c.mu.Lock()
	n := c.notifier
	c.mu.Unlock()
	if n == nil {
		return unix.EPERM
	}
	return proto.Notify(n, rep.Notify, rep.Body)
}

// fill puts the body of a reply where the request wants it. The fixed part must be
// there, the variable part must fit.
func (c *Conn) fill(r *client.Request, body []byte) bool {
	if r.Out != nil {
		var ok bool
		if body, ok = proto.FillOut(r.Op, c.minor.Load(), r.Out, body); !ok {
			return false
		}
	}
	if len(body) > len(r.Buf) {
		return false
	}
	r.N = copy(r.Buf, body)
	return true
}

// interrupted is the answer to an INTERRUPT: the server knows none, or not the
// request yet.
func (c *Conn) interrupted(rep proto.Reply) error {
	if len(rep.Body) != 0 {
		return unix.EINVAL
	}
	id := rep.Unique &^ 1
	c.mu.Lock()
	known := c.pending[id] != nil
	c.mu.Unlock()
	if !known {
		return unix.ENOENT
	}
	switch rep.Errno {
	case unix.ENOSYS:
		c.noInterrupt.Store(true)
	case unix.EAGAIN:
		c.interrupt(id)
	}
	return nil
}
