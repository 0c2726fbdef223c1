// SPDX-License-Identifier: Apache-2.0

package node

import (
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"vuos.dev/libvdeplug/internal/deadline"
	"vuos.dev/libvdeplug/plug"
)

// hostQueue is how many frames wait for the host to receive them.
const hostQueue = 256

// host is the port of the program that has the Conn.
type host struct {
	n       *node
	queue   chan *[]byte // frames in buffers of pool
	pool    sync.Pool
	rd      deadline.Deadline
	stalled atomic.Bool
}

func newHost(n *node) *host {
	h := &host{n: n, queue: make(chan *[]byte, hostQueue)}
	h.pool.New = func() any {
		b := make([]byte, 0, plug.MaxFrame)
		return &b
	}
	return h
}

// deliver implements member.
func (h *host) deliver(frame []byte) {
	b := h.pool.Get().(*[]byte)
	*b = append((*b)[:0], frame...)
	select {
	case h.queue <- b:
		h.stalled.Store(false)
		return
	default:
	}
	if !h.stalled.Load() {
		timer := time.NewTimer(stallAfter)
		defer timer.Stop()
		select {
		case h.queue <- b:
			return
		case <-timer.C:
			h.stalled.Store(true)
		case <-h.n.done:
		}
	}
	h.pool.Put(b)
	h.n.tally.Dropped(1)
}

// recv takes frames from the queue, the first one with patience.
func (h *host) recv(bufs [][]byte, sizes []int) (n int, err error) {
	select {
	case <-h.n.done:
		return 0, net.ErrClosed
	case <-h.rd.Passed():
		if err := h.n.state(); err != nil {
			return 0, err
		}
		return 0, os.ErrDeadlineExceeded
	case b := <-h.queue:
		sizes[0] = h.take(bufs[0], b)
	}
	for n = 1; n < len(bufs); n++ {
		select {
		case b := <-h.queue:
			sizes[n] = h.take(bufs[n], b)
		default:
			return n, nil
		}
	}
	return n, nil
}

// take copies a frame out and gives its buffer back.
func (h *host) take(buf []byte, b *[]byte) int {
	n := copy(buf, *b)
	h.pool.Put(b)
	return n
}
