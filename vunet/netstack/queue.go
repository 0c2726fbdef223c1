// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// defaultQueueLen is the length in packets of a link's queue (txqueuelen).
const defaultQueueLen = 1000

// stallLimit is how long a TCP sender waits for a full queue that does not move
// before the packet is dropped. It bounds the wait when the wire is stuck, and breaks the
// circle of two stacks in one process that wait for each other.
const stallLimit = 20 * time.Millisecond

// queue holds packets that wait for the wire, first in first out. Packets are
// charged to the socket that sent them until they are on the wire; that is how a
// slow network slows down its senders.
type queue struct {
	mu     sync.Mutex
	more   sync.Cond // packets came, or closed
	room   chan struct{}
	ring   []*stack.PacketBuffer
	head   int
	n      int
	closed bool
}

func newQueue(length int) *queue {
	q := &queue{ring: make([]*stack.PacketBuffer, length)}
	q.more.L = &q.mu
	return q
}

// push appends a packet, of which it takes a reference. If the queue is full it
// waits, if wait is set, as long as packets leave; false if there is no room.
func (q *queue) push(pkt *stack.PacketBuffer, wait bool) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.n == len(q.ring) && !q.closed {
		if !wait || !q.waitRoom() {
			return false
		}
	}
	if q.closed {
		return false
	}
	q.ring[(q.head+q.n)%len(q.ring)] = pkt.IncRef()
	q.n++
	if q.n == 1 {
		q.more.Signal()
	}
	return true
}

// waitRoom waits for a packet to leave. It is called and returns with the lock held.
func (q *queue) waitRoom() bool {
	if q.room == nil {
		q.room = make(chan struct{})
	}
	room := q.room
	q.mu.Unlock()
	defer q.mu.Lock()
	t := time.NewTimer(stallLimit)
	defer t.Stop()
	select {
	case <-room:
		return true
	case <-t.C:
		return false
	}
}

// pop waits for packets and moves up to len(out) of them to out: 0 when the queue
// is closed and empty. The references become the caller's.
func (q *queue) pop(out []*stack.PacketBuffer) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.n == 0 && !q.closed {
		q.more.Wait()
	}
	n := min(q.n, len(out))
	for i := range n {
		out[i] = q.ring[q.head]
		q.ring[q.head] = nil
		q.head = (q.head + 1) % len(q.ring)
	}
	q.n -= n
	if q.room != nil {
		close(q.room)
		q.room = nil
	}
	return n
}

// close drops what waits.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for ; q.n > 0; q.n-- {
		q.ring[q.head].DecRef()
		q.ring[q.head] = nil
		q.head = (q.head + 1) % len(q.ring)
	}
	if q.room != nil {
		close(q.room)
		q.room = nil
	}
	q.more.Broadcast()
}
