// SPDX-License-Identifier: Apache-2.0

package client

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

var (
	_ engine.NodeWalker    = (*node)(nil)
	_ engine.NodeParenter  = (*node)(nil)
	_ engine.NodeAccesser  = (*node)(nil)
	_ engine.NodePermitter = (*node)(nil)
)

// Walk implements [engine.NodeWalker]. Names that are cached cost no request and do not wait.
func (n *node) Walk(c engine.Call, names []string) ([]engine.Node, error) {
	nodes := make([]engine.Node, 0, len(names))
	for _, name := range names {
		if n.typ != unix.S_IFDIR {
			return nodes, unix.ENOTDIR
		}
		if err := n.permit(c, unix.X_OK); err != nil {
			return nodes, err
		}
		child, err := n.lookup(c, name)
		if err != nil {
			return nodes, err
		}
		nodes = append(nodes, child)
		if child.typ == unix.S_IFLNK {
			break
		}
		n = child
	}
	return nodes, nil
}

// lookup finds a name in a directory, in the cache or by asking.
func (n *node) lookup(c engine.Call, name string) (*node, error) {
	if child, ok := n.cached(name); ok {
		return child, exists(child)
	}
	rlock(c, &n.dirMu)
	defer n.dirMu.RUnlock()
	return n.lookupLocked(c, name)
}

// looking is a lookup under way. The fields change with the directory's mu held.
type looking struct {
	done    chan struct{}
	expired bool // the server has said meanwhile that the name is not to be believed
	removed bool // or that it is not there
}

// lookupLocked is lookup with dirMu held. One name is asked for once at a time.
func (n *node) lookupLocked(c engine.Call, name string) (*node, error) {
	for {
		if child, ok := n.cached(name); ok {
			return child, exists(child)
		}
		n.mu.Lock()
		other := n.looking[name]
		if other == nil {
			break
		}
		n.mu.Unlock()
		c.Block()
		select {
		case <-other.done:
		case <-c.Interrupted():
			return nil, unix.EINTR
		}
	}
	if n.looking == nil {
		n.looking = make(map[string]*looking)
	}
	mine := &looking{done: make(chan struct{})}
	n.looking[name] = mine
	n.mu.Unlock()
	defer func() {
		n.mu.Lock()
		delete(n.looking, name)
		expired, removed := mine.expired, mine.removed
		n.mu.Unlock()
		if expired {
			n.forgetName(name, removed)
		}
		close(mine.done)
	}()
	return n.ask(c, name)
}

func exists(child *node) error {
	if child == nil {
		return unix.ENOENT
	}
	return nil
}

// cached finds a name in the cache. A hit on an inode that only a listing brought shows that listing
// with READDIRPLUS pays.
func (n *node) cached(name string) (child *node, ok bool) {
	child, ok = n.fs.names.lookup(n, name, n.fs.now())
	if !ok || child == nil {
		return child, ok
	}
	child.mu.Lock()
	bad, listed := child.bad, child.listed
	child.listed = false
	child.mu.Unlock()
	if listed {
		n.advisePlus()
	}
	return child, !bad
}

func (n *node) advisePlus() {
	n.mu.Lock()
	n.plus = true
	n.mu.Unlock()
}

// ask sends LOOKUP (fs/fuse/dir.c:fuse_lookup).
func (n *node) ask(c engine.Call, name string) (*node, error) {
	fs := n.fs
	if len(name) > n.fs.agreed.Load().nameMax {
		return nil, unix.ENAMETOOLONG
	}
	if !fs.has(proto.ParallelDirops) {
		lock(c, &n.lookMu)
		defer n.lookMu.Unlock()
	}
	var out proto.EntryOut
	version := fs.version.Load()
	err := fs.do(c, &Request{Op: proto.Lookup, Node: n.id, Name: name, Out: &out})
	if err != nil {
		fs.names.remove(n, name)
		return nil, err
	}
	if out.Node == 0 {
		fs.enterMissing(n, name, &out)
		return nil, unix.ENOENT
	}
	if out.Node == proto.RootID || !out.Attr.Valid() {
		fs.reject(&out)
		return nil, unix.EIO
	}
	child := fs.iget(&out, version)
	n.advisePlus()
	return child, fs.enter(n, name, child, &out)
}

// enter takes a name into the cache. A directory that would be below itself is EIO.
func (fs *FS) enter(dir *node, name string, child *node, out *proto.EntryOut) error {
	if child.typ == unix.S_IFDIR && dir.within(child) {
		return unix.EIO
	}
	fs.names.enter(dir, name, child, fs.deadline(out.EntryValid, out.EntryValidNsec))
	child.placed(dir, name)
	return nil
}

// enterMissing takes into the cache that there is no such name, if that may be believed for a while.
func (fs *FS) enterMissing(dir *node, name string, out *proto.EntryOut) {
	if until := fs.deadline(out.EntryValid, out.EntryValidNsec); until != 0 {
		fs.names.enter(dir, name, nil, until)
		return
	}
	fs.names.remove(dir, name)
}

// reject gives back the lookup of a reply that cannot be believed.
func (fs *FS) reject(out *proto.EntryOut) {
	if out.Node != 0 {
		fs.forgets.add(out.Node, 1)
	}
}
