// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"vuos.dev/vufuse/proto"
)

// Dismiss has the threads of the server that wait in a read come back without a request, and ends the stream of
// requests. Answers are still taken. wake does that for one thread, if it can; the others get something to
// read which asks for nothing, an INTERRUPT of no request.
func (c *Conn) Dismiss(wake func(tid int) bool) {
	c.mu.Lock()
	if c.dead != nil {
		c.mu.Unlock()
		return
	}
	asleep := make(map[*Port][]int, len(c.ports))
	for _, p := range c.ports {
		for tid := range p.readers {
			asleep[p] = append(asleep[p], tid)
		}
		asleep[p] = append([]int{}, asleep[p]...)
	}
	c.mu.Unlock()
	for p, tids := range asleep {
		for _, tid := range tids {
			if !wake(tid) {
				c.nothing(p)
			}
		}
		p.finish()
	}
}

// nothing sends a request that asks for nothing.
func (c *Conn) nothing(p *Port) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seq += step
	var in proto.InterruptIn
	h := proto.InHeader{Op: proto.Interrupt, Unique: c.seq | 1}
	h.Len = uint32(len(h.Raw()) + len(in.Raw()))
	// No room means that there is enough to read.
	_, _ = p.trySend(&message{h.Unique, [][]byte{h.Raw(), in.Raw()}})
}
