// SPDX-License-Identifier: Apache-2.0

package client

import (
	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

// pages is the engine's page cache of the files of a file system. It is told of changes at once and in order: it does not wait, and
// calls nobody.
type pages struct{ host engine.Host }

func (p pages) invalidate(n *node, off, length int64) {
	if c := p.host.Pages(n); c != nil {
		c.Invalidate(off, length)
	}
}

func (p pages) resize(n *node, size int64) {
	if c := p.host.Pages(n); c != nil {
		c.Resize(size)
	}
}

func (p pages) store(n *node, off int64, b []byte) {
	if c := p.host.Pages(n); c != nil {
		c.Store(off, b)
	}
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
