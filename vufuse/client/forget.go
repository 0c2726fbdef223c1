// SPDX-License-Identifier: Apache-2.0

package client

import (
	"sync"

	"vuos.dev/vufuse/proto"
)

// batch is how many nodes one BATCH_FORGET tells of, bounded by a page.
const batch = 128

// forgetter collects what is to be forgotten and sends it in batches from a goroutine
// of its own, which lives only while there is something to send.
type forgetter struct {
	fs *FS

	mu      sync.Mutex
	counts  map[uint64]uint64
	running bool
	idle    chan struct{} // closed when running turns false
	stopped bool
}

// add forgets k lookups of a node, soon.
func (f *forgetter) add(id, k uint64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopped {
		return
	}
	if f.counts == nil {
		f.counts = make(map[uint64]uint64)
	}
	f.counts[id] += k
	if !f.running {
		f.running = true
		f.idle = make(chan struct{})
		go f.run()
	}
}

// stop returns when all that was added is sent. What is added later is not.
func (f *forgetter) stop() {
	f.mu.Lock()
	f.stopped = true
	idle, running := f.idle, f.running
	f.mu.Unlock()
	if running {
		<-idle
	}
}

func (f *forgetter) run() {
	for {
		f.mu.Lock()
		counts := f.counts
		f.counts = nil
		if len(counts) == 0 {
			f.running = false
			close(f.idle)
			f.mu.Unlock()
			return
		}
		f.mu.Unlock()
		list := make([]proto.ForgetOne, 0, batch)
		for id, k := range counts {
			if list = append(list, proto.ForgetOne{Node: id, Nlookup: k}); len(list) == batch {
				f.send(list)
				list = list[:0]
			}
		}
		f.send(list)
	}
}

func (f *forgetter) send(list []proto.ForgetOne) {
	if len(list) > 1 && f.fs.agreed.Load().minor >= 16 {
		var data []byte
		for i := range list {
			data = append(data, list[i].Raw()...)
		}
		f.fs.t.Post(&Request{Op: proto.BatchForget, In: &proto.BatchForgetIn{Count: uint32(len(list))}, Data: data}, nil)
		return
	}
	for _, one := range list {
		f.fs.t.Post(&Request{Op: proto.Forget, Node: one.Node, In: &proto.ForgetIn{Nlookup: one.Nlookup}}, nil)
	}
}
