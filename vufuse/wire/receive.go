// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"golang.org/x/sys/unix"

	"vuos.dev/vufuse/client"
	"vuos.dev/vufuse/proto"
)

// read takes messages from the server until its end is closed, and then ends
// everything that waits.
func (c *Conn) read() {
	defer close(c.ended)
	defer c.abort()
	buf := make([]byte, MaxMessage)
	for {
		n, err := c.readMessage(buf)
		if n == 0 || err != nil {
			return
		}
		c.Receive(buf[:n]) //nolint:errcheck // the server cannot be told
	}
}

// readMessage reads one message. One that is longer than buf is cut, and so fails
// the check of its length.
func (c *Conn) readMessage(buf []byte) (n int, err error) {
	rerr := c.raw.Read(func(fd uintptr) bool {
		for {
			n, err = unix.Read(int(fd), buf)
			if !retry(err) {
				return err != unix.EAGAIN
			}
		}
	})
	if rerr != nil {
		return 0, rerr
	}
	return n, err
}

// Receive takes one message that the server wrote. Its error is what write(2) on /dev/fuse
// returns for it: EINVAL for a malformed message, ENOENT for an answer to nothing. The one who waits
// for a malformed answer gets EIO.
func (c *Conn) Receive(msg []byte) error {
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
	c.mu.Lock()
	w := c.pending[rep.Unique]
	delete(c.pending, rep.Unique)
	c.mu.Unlock()
	switch {
	case err != nil:
		if w != nil {
			w.finish(unix.EIO)
		}
		return err
	case w == nil:
		return unix.ENOENT
	}
	if rep.Errno != 0 {
		w.finish(rep.Errno)
		return nil
	}
	if !c.fill(w.r, rep.Body) {
		w.finish(unix.EIO)
		return unix.EINVAL
	}
	w.finish(nil)
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
