// SPDX-License-Identifier: Apache-2.0

package client

import (
	"sync"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

// How many bytes of entries one READDIR and one READDIRPLUS ask for. The latter has some 150 bytes more
// per entry.
const (
	dirBuffer  = 32 << 10
	plusBuffer = 128 << 10
)

// dirBufs are the buffers of fetch: what it keeps of a reply is copied.
var dirBufs = sync.Pool{New: func() any { return new([plusBuffer]byte) }}

// dir is an open directory. What a reply gave beyond what the caller took is kept for the next
// call.
type dir struct {
	handle

	mu   sync.Mutex
	rest []proto.Dirent
	pos  int64 // of rest
	end  bool  // a reply said that nothing is at pos, and nobody has been told
	err  error // or it was an error
	plus bool  // READDIRPLUS to the end
}

var (
	_ engine.File          = (*dir)(nil)
	_ engine.FileDirReader = (*dir)(nil)
	_ engine.FileSyncer    = (*dir)(nil)
	_ engine.FileIoctler   = (*dir)(nil)
)

// Release implements [engine.File].
func (d *dir) Release(c engine.Call) { d.release(c, proto.Releasedir, proto.Opendir, 0, 0) }

// Fsync implements [engine.FileSyncer].
func (d *dir) Fsync(c engine.Call, dataOnly bool) error {
	return d.fsync(c, proto.Fsyncdir, dataOnly)
}

// ReadDir implements [engine.FileDirReader].
func (d *dir) ReadDir(c engine.Call, pos int64, emit func(engine.Dirent) bool) error {
	if d.n.isBad() {
		return unix.EIO
	}
	lock(c, &d.mu)
	defer d.mu.Unlock()
	told, err := d.end && pos == d.pos, d.err
	if d.end, d.err = false, nil; told {
		return err
	}
	if pos != d.pos {
		d.rest = nil
	}
	d.pos = pos
	for given := false; ; given = true {
		if len(d.rest) == 0 {
			if err := d.fetch(c); err != nil {
				if !given {
					return err
				}
				d.end, d.err = true, err
				return nil
			}
			if len(d.rest) == 0 {
				d.end = given
				return nil
			}
		}
		for len(d.rest) > 0 {
			e := &d.rest[0]
			if !emit(engine.Dirent{Ino: e.Ino, Off: int64(e.Off), Type: uint8(e.Type), Name: e.Name}) {
				return nil
			}
			d.pos = int64(e.Off)
			d.rest = d.rest[1:]
		}
	}
}

// fetch asks for entries from d.pos on (fs/fuse/readdir.c:fuse_readdir_uncached).
func (d *dir) fetch(c engine.Call) error {
	n, fs := d.n, d.n.fs
	rlock(c, &n.dirMu)
	defer n.dirMu.RUnlock()
	if !fs.has(proto.ParallelDirops) {
		lock(c, &n.lookMu)
		defer n.lookMu.Unlock()
	}
	op, size := proto.Readdir, dirBuffer
	if d.wantsPlus() {
		op, size = proto.Readdirplus, plusBuffer
	}
	whole := dirBufs.Get().(*[plusBuffer]byte)
	defer dirBufs.Put(whole)
	buf := whole[:min(size, fs.agreed.Load().maxRead)]
	in := &proto.ReadIn{Fh: d.fh, Offset: uint64(d.pos), Size: uint32(len(buf)), Flags: d.flags}
	r := &Request{Op: op, Node: n.id, In: in, Buf: buf}
	version := fs.version.Load()
	if err := fs.do(c, r); err != nil {
		return err
	}
	list, err := proto.ParseDirents(buf[:r.N], op == proto.Readdirplus)
	for i := range list {
		if e := list[i].Entry; e != nil {
			if lerr := n.link(list[i].Name, e, version); lerr != nil {
				fs.reject(e)
			}
		}
		list[i].Entry = nil
	}
	n.accessed()
	if err != nil && len(list) == 0 {
		return err
	}
	d.rest = list
	return nil
}

// wantsPlus decides for READDIRPLUS: at the beginning of a listing, and where names in the
// directory were looked up since (fuse_use_readdirplus). When that was so already before the listing,
// it is for the whole of it.
func (d *dir) wantsPlus() bool {
	n := d.n
	if !n.fs.has(proto.DoReaddirplus) || n.fs.lacks(proto.Readdirplus) {
		return false
	}
	if !n.fs.has(proto.ReaddirplusAuto) {
		return true
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	advised := n.plus
	n.plus = false
	if d.pos == 0 {
		d.plus = advised
		return true
	}
	return advised || d.plus
}

// link takes an entry of a READDIRPLUS reply into the caches. It counts as a lookup except for "." and
// ".." and those without a node id (fuse_direntplus_link).
func (n *node) link(name string, e *proto.EntryOut, version uint64) error {
	if e.Node == 0 || name == "." || name == ".." {
		return nil
	}
	if !proto.ValidChild(e.Node) || !e.Attr.Valid() {
		return unix.EIO
	}
	fs := n.fs
	known := fs.names.peek(n, name)
	child := fs.iget(e, version)
	if known != child {
		child.mu.Lock()
		child.listed = true
		child.mu.Unlock()
	}
	if fs.enter(n, name, child, e) != nil {
		fs.names.remove(n, name) // the node gives the lookup back when it goes
	}
	return nil
}
