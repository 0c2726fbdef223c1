// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"net"
	"slices"
	"sync"
)

// framesKept is how many frames a FrameSocket keeps that nobody has received.
const framesKept = 64

// FrameSocket sends and receives whole frames on an interface for a client within the
// process, such as DHCP. It does not count as an open socket of the stack.
type FrameSocket struct {
	s      *Stack
	index  int
	proto  uint16
	frames chan []byte
	closed chan struct{}
	once   sync.Once
}

// Frames opens a FrameSocket for frames of an EtherType.
func (s *Stack) Frames(index int, proto uint16) *FrameSocket {
	f := &FrameSocket{s: s, index: index, proto: proto, frames: make(chan []byte, framesKept), closed: make(chan struct{})}
	s.taps.add(f)
	return f
}

// tapFrame implements tap.
func (f *FrameSocket) tapFrame(x *frame) {
	if x.link != f.index || x.proto != f.proto || x.header == 0 {
		return
	}
	select {
	case f.frames <- slices.Clone(x.data):
	default: // as any socket whose buffer is full
	}
}

// Recv waits for a frame. After Close it returns net.ErrClosed.
func (f *FrameSocket) Recv() ([]byte, error) {
	select {
	case b := <-f.frames:
		return b, nil
	case <-f.closed:
		return nil, net.ErrClosed
	}
}

// Send sends a frame.
func (f *FrameSocket) Send(b []byte) error { return f.s.transmit(f.index, b, f, nil) }

// Close ends the socket.
func (f *FrameSocket) Close() {
	f.once.Do(func() {
		f.s.taps.remove(f)
		close(f.closed)
	})
}
