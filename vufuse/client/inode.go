// SPDX-License-Identifier: Apache-2.0

package client

import (
	"runtime"
	"sync"
	"sync/atomic"
	"weak"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

// node is an inode that the server has given a node id for.
type node struct {
	fs  *FS
	id  uint64
	gen uint64
	typ uint32
	ref *ref

	dirMu  sync.RWMutex // i_rwsem of a directory: held for a lookup or a listing, or for a change
	lookMu sync.Mutex   // one lookup or listing at a time, without FUSE_PARALLEL_DIROPS
	ioMu   sync.RWMutex // i_rwsem of a file: writes one at a time

	mu      sync.Mutex
	bad     bool // the server contradicted itself about this inode
	attr    proto.Attr
	until   int64  // attr is valid until then, on FS.now's clock
	stale   uint32 // STATX_* bits of attr that are not
	version uint64 // of attr
	opens   int    // open files
	policy  engine.CachePolicy
	plus    bool                // names were looked up here: list with READDIRPLUS
	listed  bool                // known from READDIRPLUS, not yet looked up
	target  string              // of a symbolic link, when cached
	linked  bool                // target is valid
	acls    [2]*knownACL        // access and default, nil if not known
	looking map[string]*looking // lookups under way

	parent  *node // of a directory: where it was seen last
	name    string
	removed bool
	owners  map[int]uint64 // lock owner by process

	children map[string]*dentry // guarded by dcache.mu
}

// ref is what is left of a node when it is gone: how many lookups the server is to
// forget.
type ref struct {
	id    uint64
	count atomic.Uint64
}

// inode is an entry of the inode table. The node lives as long as somebody uses it.
type inode struct {
	n   weak.Pointer[node]
	ref *ref
}

// remains are what is known of a node that is gone. They do not hold its file system, through which it could be reached.
type remains struct {
	fs  weak.Pointer[FS]
	ref *ref
}

// dropped is called when a node is gone.
func dropped(m remains) {
	if fs := m.fs.Value(); fs != nil {
		fs.dropped(m.ref)
	}
}

func (fs *FS) dropped(r *ref) {
	fs.imu.Lock()
	if fs.table[r.id].ref == r {
		delete(fs.table, r.id)
	}
	fs.imu.Unlock()
	if k := r.count.Swap(0); k > 0 {
		fs.forgets.add(r.id, k)
	}
}

// iget finds or makes the node for a reply that counts as a lookup, and takes over its attributes
// (fs/fuse/inode.c:fuse_iget). A node id whose generation or type is another now is a new
// inode; the old one turns bad.
func (fs *FS) iget(e *proto.EntryOut, version uint64) *node {
	n := fs.find(e.Node)
	if n != nil && (n.gen != e.Generation || n.typ != e.Attr.Mode&unix.S_IFMT) {
		n.makeBad()
		n = nil
	}
	if n == nil {
		n = fs.insert(e)
	} else {
		n.ref.count.Add(1)
	}
	n.change(&e.Attr, fs.deadline(e.AttrValid, e.AttrValidNsec), version)
	return n
}

// insert makes a node, unless another goroutine just did.
func (fs *FS) insert(e *proto.EntryOut) *node {
	fs.imu.Lock()
	defer fs.imu.Unlock()
	if i, ok := fs.table[e.Node]; ok {
		n := i.n.Value()
		if n != nil && n.gen == e.Generation && n.typ == e.Attr.Mode&unix.S_IFMT {
			n.ref.count.Add(1)
			return n
		}
	}
	n := &node{
		fs: fs, id: e.Node, gen: e.Generation, typ: e.Attr.Mode & unix.S_IFMT,
		ref: &ref{id: e.Node}, policy: engine.CacheKeep,
	}
	n.attr.Mode = e.Attr.Mode
	n.ref.count.Store(1)
	fs.table[e.Node] = inode{weak.Make(n), n.ref}
	runtime.AddCleanup(n, dropped, remains{weak.Make(fs), n.ref})
	return n
}

// find returns the living node with that id, or nil.
func (fs *FS) find(id uint64) *node {
	fs.imu.Lock()
	defer fs.imu.Unlock()
	if i, ok := fs.table[id]; ok {
		return i.n.Value()
	}
	return nil
}

// makeBad makes everything on the inode fail with EIO (fuse_make_bad). The next lookup of its node id
// finds another.
func (n *node) makeBad() {
	n.mu.Lock()
	n.bad = true
	n.mu.Unlock()
	n.fs.imu.Lock()
	if n.fs.table[n.id].ref == n.ref && n != n.fs.root {
		delete(n.fs.table, n.id)
	}
	n.fs.imu.Unlock()
}

func (n *node) isBad() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.bad
}

// Type implements [engine.Node].
func (n *node) Type() uint32 { return n.typ }

// Parent implements [engine.NodeParenter].
func (n *node) Parent(engine.Call) (engine.Node, string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n == n.fs.root:
		return n, "", nil
	case n.removed || n.parent == nil:
		return nil, "", unix.ENOENT
	}
	return n.parent, n.name, nil
}

// Up implements [engine.NodeUpper].
func (n *node) Up(engine.Call) (engine.Node, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.parent == nil {
		return nil, unix.ENOENT
	}
	return n.parent, nil
}

// placed notes where a directory is. It has one name only: the one before is no longer believed.
func (n *node) placed(dir *node, name string) {
	if n.typ != unix.S_IFDIR {
		return
	}
	n.mu.Lock()
	oldDir, oldName := n.parent, n.name
	n.parent, n.name, n.removed = dir, name, false
	n.mu.Unlock()
	if oldDir != nil && (oldDir != dir || oldName != name) {
		n.fs.names.removeChild(oldDir, oldName, n)
	}
}

// within tells whether dir is n or below it.
func (dir *node) within(n *node) bool {
	for dir != nil {
		if dir == n {
			return true
		}
		dir.mu.Lock()
		up := dir.parent
		dir.mu.Unlock()
		dir = up
	}
	return false
}
