// SPDX-License-Identifier: Apache-2.0

package client

import (
	"sync"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

// maxPageOps bounds what waits for the page cache.
const maxPageOps = 256

// pageWorker tells the engine's page cache of changes, in order, from a goroutine of its own which
// lives only while there is something to tell. It may not be told by who calls: a call of the engine's may hold
// the lock of those very pages, and the reader of the server's messages must never wait for
// one who waits for a message.
type pageWorker struct {
	mu      sync.Mutex
	ops     []pageOp
	running bool
}

type pageOp struct {
	n *node
	f func(p engine.Pages)
}

// add queues an operation. When too many wait, the contents of all their files are
// dropped instead, which is always right.
func (w *pageWorker) add(n *node, f func(p engine.Pages)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.ops) >= maxPageOps {
		w.merge()
	}
	w.ops = append(w.ops, pageOp{n, f})
	if !w.running {
		w.running = true
		go w.run(n.fs.host)
	}
}

func (w *pageWorker) merge() {
	seen := make(map[*node]bool)
	for _, op := range w.ops {
		seen[op.n] = true
	}
	w.ops = w.ops[:0]
	for n := range seen {
		w.ops = append(w.ops, pageOp{n, func(p engine.Pages) { p.Invalidate(0, -1) }})
	}
}

func (w *pageWorker) run(h engine.Host) {
	for {
		w.mu.Lock()
		if len(w.ops) == 0 {
			w.running = false
			w.mu.Unlock()
			return
		}
		op := w.ops[0]
		w.ops = w.ops[1:]
		w.mu.Unlock()
		if p := h.Pages(op.n); p != nil {
			op.f(p)
		}
	}
}

func (w *pageWorker) invalidate(n *node, off, length int64) {
	w.add(n, func(p engine.Pages) { p.Invalidate(off, length) })
}

func (w *pageWorker) resize(n *node, size int64) {
	w.add(n, func(p engine.Pages) { p.Resize(size) })
}

func (w *pageWorker) store(n *node, off int64, b []byte) {
	b = append([]byte(nil), b...)
	w.add(n, func(p engine.Pages) { p.Store(off, b) })
}

// retrieve answers a NOTIFY_RETRIEVE with what is cached.
func (fs *FS) retrieve(unique, id uint64, off int64, size uint32) error {
	n := fs.find(id)
	if n == nil {
		return errNoInode
	}
	size = min(size, uint32(fs.agreed.Load().maxWrite))
	go func() {
		buf := make([]byte, size)
		k := 0
		if p := fs.host.Pages(n); p != nil {
			k = p.Retrieve(off, buf)
		}
		in := &proto.NotifyRetrieveIn{Offset: uint64(off), Size: uint32(k)}
		fs.t.Post(&Request{Op: proto.NotifyReply, Node: id, Unique: unique, In: in, Data: buf[:k]}, nil)
	}()
	return nil
}
