// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"golang.org/x/sys/unix"

	"vuos.dev/vufuse/proto"
)

// Dismiss sends what makes up to readers threads of the server return from a read without doing anything, an
// INTERRUPT of no request each, and ends the stream of requests behind that. Answers are still taken.
func (c *Conn) Dismiss(readers int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.dead != nil {
		return
	}
	for range readers {
		c.seq += step
		var in proto.InterruptIn
		h := proto.InHeader{Op: proto.Interrupt, Unique: c.seq | 1}
		h.Len = uint32(len(h.Raw()) + len(in.Raw()))
		// No room means that there is enough to read.
		if sent, err := c.trySend(&message{h.Unique, [][]byte{h.Raw(), in.Raw()}}); !sent || err != nil {
			break
		}
	}
	_ = c.raw.Control(func(fd uintptr) { unix.Shutdown(int(fd), unix.SHUT_WR) })
}
