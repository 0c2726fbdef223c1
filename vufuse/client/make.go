// SPDX-License-Identifier: Apache-2.0

package client

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

var (
	_ engine.NodeMknoder   = (*node)(nil)
	_ engine.NodeMkdirer   = (*node)(nil)
	_ engine.NodeSymlinker = (*node)(nil)
	_ engine.NodeLinker    = (*node)(nil)
	_ engine.NodeUmasker   = (*node)(nil)
)

// Umasks implements [engine.NodeUmasker]: with FUSE_DONT_MASK it is the server's to do.
func (n *node) Umasks() bool { return n.fs.has(proto.DontMask) }

// Mknod implements [engine.NodeMknoder].
func (n *node) Mknod(c engine.Call, name string, mode uint32, rdev uint64) (engine.Node, error) {
	major, minor := unix.Major(rdev), unix.Minor(rdev)
	in := &proto.MknodIn{Mode: mode, Umask: c.Umask(), Rdev: minor&0xff | major<<8 | minor&^0xff<<12}
	return n.make(c, mode, &Request{Op: proto.Mknod, In: in, Name: name})
}

// Mkdir implements [engine.NodeMkdirer].
func (n *node) Mkdir(c engine.Call, name string, mode uint32) (engine.Node, error) {
	in := &proto.MkdirIn{Mode: mode, Umask: c.Umask()}
	return n.make(c, unix.S_IFDIR, &Request{Op: proto.Mkdir, In: in, Name: name})
}

// Symlink implements [engine.NodeSymlinker].
func (n *node) Symlink(c engine.Call, name, target string) (engine.Node, error) {
	return n.make(c, unix.S_IFLNK, &Request{Op: proto.Symlink, Name: name, Name2: target})
}

// Link implements [engine.NodeLinker].
func (n *node) Link(c engine.Call, old engine.Node, name string) error {
	o, ok := old.(*node)
	if !ok || o.fs != n.fs {
		return unix.EXDEV
	}
	if o.typ == unix.S_IFDIR {
		return unix.EPERM
	}
	_, err := n.make(c, o.typ, &Request{Op: proto.Link, In: &proto.LinkIn{Node: o.id}, Name: name})
	switch err {
	case nil, unix.EINTR:
		o.invalidate(staleAll)
	case unix.ENOSYS:
		err = unix.EPERM
	}
	return err
}

// make sends a request that makes a name (fs/fuse/dir.c:create_new_entry). The result must
// have the type of mode.
func (n *node) make(c engine.Call, mode uint32, r *Request) (*node, error) {
	if err := n.mayChange(c); err != nil {
		return nil, err
	}
	lock(c, &n.dirMu)
	defer n.dirMu.Unlock()
	return n.makeLocked(c, mode, r)
}

func (n *node) makeLocked(c engine.Call, mode uint32, r *Request) (*node, error) {
	name := r.Name
	if len(name) > n.fs.agreed.Load().nameMax {
		return nil, unix.ENAMETOOLONG
	}
	var out proto.EntryOut
	r.Node, r.Out = n.id, &out
	if err := n.fs.do(c, r); err != nil {
		n.fs.names.remove(n, name)
		return nil, err
	}
	return n.made(name, mode, &out)
}

// made takes a reply about a new name into the caches.
func (n *node) made(name string, mode uint32, out *proto.EntryOut) (*node, error) {
	fs := n.fs
	if !proto.ValidChild(out.Node) || !out.Attr.Valid() || (out.Attr.Mode^mode)&unix.S_IFMT != 0 {
		fs.names.remove(n, name)
		fs.reject(out)
		return nil, unix.EIO
	}
	child := fs.iget(out, 0)
	err := fs.enter(n, name, child, out)
	n.changed()
	return child, err
}

// changed notes that names were added to or removed from a directory (fuse_dir_changed).
func (n *node) changed() {
	n.mu.Lock()
	n.version = n.fs.version.Add(1)
	n.stale |= staleAll
	n.mu.Unlock()
}
