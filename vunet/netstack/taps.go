// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"slices"
	"sync"
	"sync/atomic"
)

// frame is what packet sockets get to see of a packet.
type frame struct {
	link    int
	proto   uint16 // EtherType, host order
	pktType uint8  // PACKET_*
	hatype  uint16
	source  []byte // hardware address of the sender
	data    []byte // with the link header
	header  int    // length of the link header
}

// tap wants to see frames. tapFrame must not keep or change data.
type tap interface {
	tapFrame(f *frame)
}

// taps are the packet sockets of a stack (ptype_all and ptype_base of the
// kernel). Looking whether there are any costs one load.
type taps struct {
	mu   sync.Mutex
	list atomic.Pointer[[]tap]
}

func (t *taps) add(x tap) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var l []tap
	if old := t.list.Load(); old != nil {
		l = slices.Clone(*old)
	}
	l = append(l, x)
	t.list.Store(&l)
}

func (t *taps) remove(x tap) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.list.Load()
	if old == nil {
		return
	}
	l := slices.DeleteFunc(slices.Clone(*old), func(o tap) bool { return o == x })
	if len(l) == 0 {
		t.list.Store(nil)
		return
	}
	t.list.Store(&l)
}

func (t *taps) active() bool { return t.list.Load() != nil }

// deliver shows f to all but the socket that sent it.
func (t *taps) deliver(f *frame, sender tap) {
	list := t.list.Load()
	if list == nil {
		return
	}
	for _, x := range *list {
		if x != sender {
			x.tapFrame(f)
		}
	}
}
