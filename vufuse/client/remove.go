// SPDX-License-Identifier: Apache-2.0

package client

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

var (
	_ engine.NodeUnlinker = (*node)(nil)
	_ engine.NodeRmdirer  = (*node)(nil)
)

// Unlink implements [engine.NodeUnlinker]. What becomes of a file that is still open is the
// server's business.
func (n *node) Unlink(c engine.Call, name string) error { return n.remove(c, proto.Unlink, name) }

// Rmdir implements [engine.NodeRmdirer].
func (n *node) Rmdir(c engine.Call, name string) error { return n.remove(c, proto.Rmdir, name) }

func (n *node) remove(c engine.Call, op proto.Op, name string) error {
	if err := n.mayChange(c); err != nil {
		return err
	}
	lock(c, &n.dirMu)
	defer n.dirMu.Unlock()
	child, err := n.lookupLocked(c, name)
	if err != nil {
		return err
	}
	if err := n.mayRemove(c, child); err != nil {
		return err
	}
	switch {
	case op == proto.Unlink && child.typ == unix.S_IFDIR:
		return unix.EISDIR
	case op == proto.Rmdir && child.typ != unix.S_IFDIR:
		return unix.ENOTDIR
	}
	err = n.fs.do(c, &Request{Op: op, Node: n.id, Name: name})
	switch err {
	case nil:
		n.fs.names.remove(n, name)
		n.changed()
		child.unlinked()
	case unix.EINTR, unix.ENOENT:
		n.fs.names.remove(n, name)
	}
	return err
}

// unlinked notes that a name of the inode is gone (fs/fuse/dir.c:fuse_entry_unlinked).
func (n *node) unlinked() {
	n.mu.Lock()
	n.version = n.fs.version.Add(1)
	if n.typ == unix.S_IFDIR {
		n.attr.Nlink = 0
		n.removed = true
	} else if n.attr.Nlink > 0 {
		n.attr.Nlink--
	}
	n.stale |= staleAll
	n.mu.Unlock()
}
