// SPDX-License-Identifier: Apache-2.0

package client

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

var (
	_ engine.NodeOpener = (*node)(nil)
	_ engine.NodeCacher = (*node)(nil)
)

// Open implements [engine.NodeOpener].
func (n *node) Open(c engine.Call, flags int) (engine.File, error) {
	if err := n.mayOpen(c, flags); err != nil {
		return nil, err
	}
	return n.open(c, flags)
}

// mayOpen checks permission and type (fs/namei.c:may_open).
func (n *node) mayOpen(c engine.Call, flags int) error {
	write := flags&unix.O_ACCMODE != unix.O_RDONLY || flags&unix.O_TRUNC != 0
	switch {
	case n.typ == unix.S_IFLNK:
		return unix.ELOOP
	case n.typ == unix.S_IFDIR && write:
		return unix.EISDIR
	case write && n.fs.opt.ReadOnly && n.typ == unix.S_IFREG:
		return unix.EROFS
	}
	mask := uint32(0)
	if flags&unix.O_ACCMODE != unix.O_WRONLY {
		mask |= unix.R_OK
	}
	if write {
		mask |= unix.W_OK
	}
	return n.permit(c, mask)
}

// open sends OPEN or OPENDIR (fs/fuse/file.c:fuse_open). A server that has no such request needs no
// handle.
func (n *node) open(c engine.Call, flags int) (engine.File, error) {
	fs := n.fs
	dir := n.typ == unix.S_IFDIR
	cut := flags&unix.O_TRUNC != 0 && !dir
	pass := uint32(flags) &^ (unix.O_CREAT | unix.O_EXCL | unix.O_NOCTTY)
	if !fs.has(proto.AtomicOTrunc) {
		pass &^= unix.O_TRUNC
	}
	in := &proto.OpenIn{Flags: pass}
	if cut && fs.has(proto.HandleKillprivV2) && !c.Cred().HasCap(unix.CAP_FSETID) {
		in.OpenFlags = proto.OpenKillSuidgid
	}
	r := &Request{Op: proto.Open, Node: n.id, In: in}
	out := proto.OpenOut{Flags: proto.OpenKeepCache}
	if dir {
		r.Op, out.Flags = proto.Opendir, proto.OpenKeepCache|proto.OpenCacheDir
	}
	none := out
	r.Out = &out
	switch err := fs.optional(c, r, unix.ENOSYS); err {
	case nil:
	case unix.ENOSYS:
		out = none
	default:
		return nil, err
	}
	f := n.newFile(flags, &out)
	if cut {
		if err := n.truncated(c); err != nil {
			f.Release(c)
			return nil, err
		}
	}
	return f, nil
}

// truncated completes O_TRUNC: the server has done it with the open, or is asked to now.
func (n *node) truncated(c engine.Call) error {
	if !n.fs.has(proto.AtomicOTrunc) {
		change := &engine.SetAttr{Valid: engine.AttrSize} // which changes the times as well (update_mtime())
		if err := n.dropSetIDs(c, change); err != nil {
			return err
		}
		return n.setattr(c, change, nil)
	}
	n.mu.Lock()
	n.version = n.fs.version.Add(1)
	n.attr.Size = 0
	n.stale |= staleModSize
	n.mu.Unlock()
	n.fs.pages.resize(n, 0)
	return nil
}

// newFile makes an open file of a handle.
func (n *node) newFile(flags int, out *proto.OpenOut) engine.File {
	h := handle{n: n, fh: out.Fh, flags: uint32(flags) &^ (unix.O_CREAT | unix.O_EXCL | unix.O_NOCTTY | unix.O_TRUNC), open: out.Flags}
	if n.typ == unix.S_IFDIR {
		return &dir{handle: h}
	}
	n.mu.Lock()
	n.opens++
	switch {
	case out.Flags&proto.OpenDirectIO != 0:
		n.policy = engine.CacheNone
	case out.Flags&proto.OpenKeepCache != 0:
		n.policy = engine.CacheKeep
	default:
		n.policy = engine.CacheOpen
	}
	n.mu.Unlock()
	f := &file{handle: h}
	if n.fs.has(proto.PosixLocks) || n.fs.has(proto.FlockLocks) {
		return &lockingFile{file: f}
	}
	return f
}

// Cache implements [engine.NodeCacher], for the open before.
func (n *node) Cache() engine.CachePolicy {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.policy
}

// handle is what OPEN and OPENDIR give.
type handle struct {
	n     *node
	fh    uint64
	flags uint32 // O_*, as sent with READ, WRITE and RELEASE
	open  uint32 // proto.Open*
}

// release sends RELEASE or RELEASEDIR, in order with what follows, and does not wait for
// the answer.
func (h *handle) release(c engine.Call, op, opened proto.Op, owner uint64, how uint32) {
	fs := h.n.fs
	if fs.lacks(opened) {
		return
	}
	in := &proto.ReleaseIn{Fh: h.fh, Flags: h.flags, ReleaseFlags: how, LockOwner: owner}
	r := &Request{Op: op, Node: h.n.id, In: in}
	fs.from(c, r)
	c.Block()
	fs.background.Add(1)
	n := h.n // must not be forgotten before
	fs.t.Post(r, func(error) {
		fs.background.Done()
		keep(n)
	})
}
