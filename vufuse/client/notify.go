// SPDX-License-Identifier: Apache-2.0

package client

import (
	"golang.org/x/sys/unix"
)

var _ Notifier = (*FS)(nil)

// errNoInode answers a notification about what is not in the cache.
const errNoInode = unix.ENOENT

// InvalInode implements [proto.Notifier] (fs/fuse/inode.c:fuse_reverse_inval_inode).
func (fs *FS) InvalInode(id uint64, off, length int64) error {
	n := fs.find(id)
	if n == nil {
		return errNoInode
	}
	n.mu.Lock()
	n.version = fs.version.Add(1)
	n.stale |= staleAll
	n.linked = false
	n.mu.Unlock()
	if off >= 0 {
		fs.invalidates.Store(true)
		if length <= 0 {
			length = -1
		}
		fs.pages.invalidate(n, off, length)
	}
	return nil
}

// InvalEntry implements [proto.Notifier] (fs/fuse/dir.c:fuse_reverse_inval_entry).
func (fs *FS) InvalEntry(parent uint64, name string, expireOnly bool) error {
	dir := fs.find(parent)
	switch {
	case dir == nil:
		return errNoInode
	case dir.typ != unix.S_IFDIR:
		return unix.ENOTDIR
	}
	awaited := dir.await(name, !expireOnly)
	if !dir.forgetName(name, !expireOnly) && !awaited {
		return errNoInode
	}
	return nil
}

// await tells a lookup under way, if there is one, that its result is not to be kept: the kernel's notification waits until the
// lookup is done (inode_lock()), and nothing waits here.
func (n *node) await(name string, remove bool) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.looking[name]
	if l == nil {
		return false
	}
	l.expired = true
	l.removed = l.removed || remove
	return true
}

// forgetName has a name looked up anew, or drops it as well; it is false if the name is not known.
func (n *node) forgetName(name string, remove bool) bool {
	if !n.fs.names.expire(n, name) {
		return false
	}
	if remove {
		n.changed()
		n.fs.names.remove(n, name)
		collectSoon()
	}
	return true
}

// Delete implements [proto.Notifier].
func (fs *FS) Delete(parent, child uint64, name string) error {
	dir := fs.find(parent)
	if dir == nil {
		return errNoInode
	}
	n := fs.names.peek(dir, name)
	if n == nil || n.id != child {
		return errNoInode
	}
	dir.changed()
	fs.names.remove(dir, name)
	n.unlinked()
	collectSoon()
	return nil
}

// IncEpoch implements [proto.Notifier].
func (fs *FS) IncEpoch() { fs.names.expireAll() }

// Store implements [proto.Notifier] (fs/fuse/dev.c:fuse_notify_store): the data may also make the file
// longer.
func (fs *FS) Store(id uint64, off int64, p []byte) error {
	n := fs.find(id)
	if n == nil {
		return errNoInode
	}
	n.mu.Lock()
	if end := uint64(off) + uint64(len(p)); end > n.attr.Size {
		n.version = fs.version.Add(1)
		n.attr.Size = end
	}
	n.mu.Unlock()
	fs.pages.store(n, off, p)
	return nil
}

// Retrieve implements [proto.Notifier].
func (fs *FS) Retrieve(unique, id uint64, off int64, size uint32) error {
	return fs.retrieve(unique, id, off, size)
}
