// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"maps"
	"slices"

	"vuos.dev/vufuse/proto"
)

// Dismiss has the threads of the server that wait in a read come back without a request, and ends the stream of
// requests. Answers are still taken. wake does that for one thread, if it can. If it cannot for all, there is something to
// read for each which asks for nothing, an INTERRUPT of no request: whoever gets there first takes it, and is not let in again.
func (c *Conn) Dismiss(wake func(tid int) bool) {
	c.mu.Lock()
	asleep := make(map[*Port][]int, len(c.ports))
	for _, p := range c.ports {
		asleep[p] = slices.Collect(maps.Keys(p.readers))
	}
	c.mu.Unlock()
	for p, tids := range asleep {
		woken := true
		for _, tid := range tids {
			woken = wake(tid) && woken
		}
		if !woken {
			for range tids {
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
