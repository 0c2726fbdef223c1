// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// TestPacketRoom sends frames to a wire that takes none: the socket has no room before the interface's queue is full,
// and has room again when the wire moves.
func TestPacketRoom(t *testing.T) {
	near, far := newPipe()
	s := oneStack(t, near)
	configure(t, s, addrA)
	p := open(t, s, unix.AF_PACKET, unix.SOCK_RAW, 0)
	frame := append([]byte{255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 9, 0x88, 0xb5}, make([]byte, 40)...)
	sent := 0
	for ; ; sent++ {
		_, err := p.Send(caller(), &engine.Message{Data: frame, Addr: linkSockaddr(&sendTo)}, 0)
		if errors.Is(err, unix.EAGAIN) {
			break
		}
		if err != nil || sent > 2*cap(near.out) {
			t.Fatalf("frame %d: %v", sent, err)
		}
	}
	if p.Ready()&unix.POLLOUT != 0 {
		t.Error("writable without room")
	}
	go func() {
		bufs, sizes := [][]byte{make([]byte, pipeFrame)}, []int{0}
		for {
			if _, err := far.Recv(bufs, sizes); err != nil {
				return
			}
		}
	}()
	eventually(t, "room", func() bool { return p.Ready()&unix.POLLOUT != 0 })
	<-p.tick
	if n := p.send(frame, linkSockaddr(&sendTo)); n != len(frame) {
		t.Errorf("sent %d", n)
	}
	if got := s.links[2].stats.txDropped.Load(); got != 0 {
		t.Errorf("%d frames dropped", got)
	}
}

// sendTo addresses the first interface.
var sendTo = frame{link: 2, proto: 0x88b5}

// TestPacketSizes: the MTU, and room for a VLAN tag only if there is one.
func TestPacketSizes(t *testing.T) {
	a, _ := twoStacks(t)
	p := open(t, a, unix.AF_PACKET, unix.SOCK_RAW, 0)
	for _, c := range []struct {
		n    int
		tag  bool
		want error
	}{{13, false, unix.EINVAL}, {14, false, nil}, {1514, false, nil}, {1515, false, unix.EMSGSIZE}, {1518, true, nil}, {1519, true, unix.EMSGSIZE}} {
		f := make([]byte, c.n)
		if c.tag {
			f[12] = 0x81
		}
		if _, err := p.Send(caller(), &engine.Message{Data: f, Addr: linkSockaddr(&sendTo)}, 0); err != c.want {
			t.Errorf("%d bytes, VLAN tag %v: %v", c.n, c.tag, err)
		}
	}
}
