// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"golang.org/x/sys/unix"

	"vuos.dev/vufuse/proto"
)

// message is a request in its parts, the header first. The parts belong to the caller until it
// is sent.
type message struct {
	id    uint64
	parts [][]byte
}

// send gives w a number and sends it, or queues it if the server is slow to read.
func (c *Conn) send(w *call) (id uint64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead != nil {
		return 0, c.dead
	}
	c.seq += step
	id = c.seq
	if w.r.Op == proto.NotifyReply {
		id = w.r.Unique
	}
	reply := w.r.Op.HasReply()
	parts, size := c.encode(w, id)
	if reply {
		if room := c.first.room; room != 0 && size > room {
			return 0, tooLong(w.r.Op)
		}
		c.pending[id] = w
	}
	err = c.transmit(&message{id, parts})
	if err != nil {
		delete(c.pending, id)
		return 0, err
	}
	if !reply {
		go w.finish(nil, nil)
	}
	return id, nil
}

// tooLong is the error of a request that the server has no room for (fs/fuse/dev.c:fuse_dev_do_read()).
func tooLong(op proto.Op) error {
	if op == proto.Setxattr {
		return unix.E2BIG
	}
	return unix.EIO
}

// encode lays out a request; size is its length in bytes.
func (c *Conn) encode(w *call, id uint64) (parts [][]byte, size int) {
	r := w.r
	h := proto.InHeader{Op: r.Op, Unique: id, Node: r.Node, UID: r.UID, GID: r.GID, PID: r.PID}
	parts = make([][]byte, 1, 5)
	if r.In != nil {
		in := r.In.Raw()
		parts = append(parts, in[:proto.InSize(r.Op, c.minor.Load(), c.setxattrExt.Load(), len(in))])
	}
	switch r.Names() {
	case 1:
		parts = append(parts, []byte(r.Name+"\x00"))
	case 2:
		parts = append(parts, []byte(r.Name+"\x00"+r.Name2+"\x00"))
	}
	if len(r.Data) > 0 {
		parts = append(parts, r.Data)
	}
	h.Len = uint32(len(h.Raw()))
	for _, p := range parts[1:] {
		h.Len += uint32(len(p))
	}
	parts[0] = h.Raw()
	return parts, int(h.Len)
}

// transmit sends m now or later. The lock is held.
func (c *Conn) transmit(m *message) error {
	if len(c.queue) == 0 && !c.shared {
		sent, err := c.first.trySend(m)
		if sent || err != nil {
			return err
		}
		c.first.events.wantRoom(true)
	}
	m.own()
	c.queue = append(c.queue, m)
	if c.shared {
		c.dispatch()
	}
	return nil
}

// own copies what a request without reply may be about to change: nobody waits for its leaving.
func (m *message) own() {
	for i, p := range m.parts {
		if len(p) < proto.MaxHeader {
			m.parts[i] = append([]byte(nil), p...)
		}
	}
}

// drain sends of what is queued as much as there is room for, if p is the only port.
func (p *Port) drain() {
	c := p.lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 || c.shared {
		return
	}
	for len(c.queue) > 0 {
		m := c.queue[0]
		sent, err := p.trySend(m)
		if err != nil {
			if w := c.pending[m.id]; w != nil {
				delete(c.pending, m.id)
				go w.finish(nil, err)
			}
		} else if !sent {
			return
		}
		c.queue = c.queue[1:]
	}
	p.events.wantRoom(false)
}

// withdraw takes back a request that is still queued.
func (c *Conn) withdraw(id uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, m := range c.queue {
		if m.id == id && c.pending[id] != nil {
			c.queue = append(c.queue[:i:i], c.queue[i+1:]...)
			delete(c.pending, id)
			return true
		}
	}
	return false
}

// interrupt asks the server to give up request id, if that is still under way.
func (c *Conn) interrupt(id uint64) {
	if c.noInterrupt.Load() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead != nil || c.pending[id] == nil {
		return
	}
	in := proto.InterruptIn{Unique: id}
	h := proto.InHeader{Op: proto.Interrupt, Unique: id | 1}
	h.Len = uint32(len(h.Raw()) + len(in.Raw()))
	c.transmit(&message{id | 1, [][]byte{h.Raw(), in.Raw()}})
}
