// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Events of poll(2) that say that there is room to send.
const pollOut = unix.POLLOUT | 0x100 | 0x200 // POLLWRNORM, POLLWRBAND

// frameOverhead is charged to a socket's send buffer for each frame besides its bytes: about what the kernel's
// skb->truesize adds. So a socket cannot fill an interface's queue with small frames.
const frameOverhead = 576

// charge takes room in the send buffer for a frame of n bytes; release gives it back when the frame is on the wire.
//
// Errors: EAGAIN if the buffer is full (net/core/sock.c:sock_alloc_send_pskb()).
func (p *packet) charge(n int) (release func(), err error) {
	limit := int64(p.Int(unix.SO_SNDBUF))
	cost := int64(n + frameOverhead)
	if p.unsent.Load() >= limit {
		return nil, unix.EAGAIN
	}
	p.unsent.Add(cost)
	return func() {
		// It is told when half of the buffer is free again (sock_writeable()).
		if left := p.unsent.Add(-cost); 2*left < limit && 2*(left+cost) >= limit {
			p.Wake()
		}
	}, nil
}

// Ready implements engine.Socket.
func (p *packet) Ready() uint32 {
	ev := p.Core.Ready()
	if r := p.ring.Load(); r != nil && r.readable() {
		ev |= unix.POLLIN
	}
	if 2*p.unsent.Load() >= int64(p.Int(unix.SO_SNDBUF)) {
		ev &^= pollOut
	}
	return ev
}

var _ engine.Socket = (*packet)(nil)
