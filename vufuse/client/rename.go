// SPDX-License-Identifier: Apache-2.0

package client

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

var _ engine.NodeRenamer = (*node)(nil)

// Rename implements [engine.NodeRenamer]. Flags need a server of 7.23 that knows RENAME2, otherwise
// they are EINVAL.
func (n *node) Rename(c engine.Call, name string, to engine.Node, newName string, flags uint) error {
	dir, ok := to.(*node)
	if !ok || dir.fs != n.fs {
		return unix.EXDEV
	}
	if flags&^(unix.RENAME_NOREPLACE|unix.RENAME_EXCHANGE|unix.RENAME_WHITEOUT) != 0 {
		return unix.EINVAL
	}
	if flags != 0 && (n.fs.agreed.Load().minor < 23 || n.fs.lacks(proto.Rename2)) {
		return unix.EINVAL
	}
	if len(newName) > n.fs.agreed.Load().nameMax {
		return unix.ENAMETOOLONG
	}
	if err := dir.mayChange(c); err != nil {
		return err
	}
	defer n.fs.lockTwo(c, n, dir)()
	old, target, err := n.renamed(c, name, dir, newName, flags)
	if err != nil || old == target {
		return err // two names of one inode: nothing is to be done
	}
	r := &Request{Op: proto.Rename, Node: n.id, In: &proto.RenameIn{Newdir: dir.id}, Name: name, Name2: newName}
	if flags != 0 {
		r.Op, r.In = proto.Rename2, &proto.Rename2In{Newdir: dir.id, Flags: uint32(flags)}
		err = n.fs.optional(c, r, unix.EINVAL)
	} else {
		err = n.fs.do(c, r)
	}
	n.afterRename(err, name, old, dir, newName, target, flags)
	return err
}

// lockTwo locks two directories, which may be the same, for changes.
func (fs *FS) lockTwo(c engine.Call, a, b *node) (unlock func()) {
	if a == b {
		lock(c, &a.dirMu)
		return a.dirMu.Unlock
	}
	lock(c, &fs.renameMu)
	if a.id > b.id {
		a, b = b, a
	}
	lock(c, &a.dirMu)
	lock(c, &b.dirMu)
	return func() {
		b.dirMu.Unlock()
		a.dirMu.Unlock()
		fs.renameMu.Unlock()
	}
}

// renamed finds what a rename is about, and whether it may be (fs/namei.c:vfs_rename).
// target is nil if the new name is not there.
func (n *node) renamed(c engine.Call, name string, dir *node, newName string, flags uint) (old, target *node, err error) {
	if old, err = n.lookupLocked(c, name); err != nil {
		return nil, nil, err
	}
	if old.typ == unix.S_IFDIR && dir.within(old) {
		return nil, nil, unix.EINVAL
	}
	target, err = dir.lookupLocked(c, newName)
	exchange := flags&unix.RENAME_EXCHANGE != 0
	switch {
	case err == unix.ENOENT && !exchange:
		return old, nil, n.mayRemove(c, old)
	case err != nil:
		return nil, nil, err
	case flags&unix.RENAME_NOREPLACE != 0:
		return nil, nil, unix.EEXIST
	case old == target:
		return old, target, nil
	}
	if err = n.mayRemove(c, old); err == nil {
		err = dir.mayRemove(c, target)
	}
	if err != nil {
		return nil, nil, err
	}
	switch {
	case exchange && target.typ == unix.S_IFDIR && n.within(target):
		return nil, nil, unix.EINVAL
	case exchange:
	case target.typ == unix.S_IFDIR && n.within(target):
		return nil, nil, unix.ENOTEMPTY
	case old.typ == unix.S_IFDIR && target.typ != unix.S_IFDIR:
		return nil, nil, unix.ENOTDIR
	case old.typ != unix.S_IFDIR && target.typ == unix.S_IFDIR:
		return nil, nil, unix.EISDIR
	}
	return old, target, nil
}

// afterRename brings the caches up to date (fs/fuse/dir.c:fuse_rename_common).
func (n *node) afterRename(err error, name string, old, dir *node, newName string, target *node, flags uint) {
	names := &n.fs.names
	switch err {
	case nil:
	case unix.EINTR, unix.ENOENT:
		names.remove(n, name)
		names.remove(dir, newName)
		return
	default:
		return
	}
	n.changed()
	dir.changed()
	old.invalidate(unix.STATX_CTIME)
	names.move(n, name, dir, newName, flags&unix.RENAME_EXCHANGE != 0)
	if flags&unix.RENAME_EXCHANGE != 0 {
		target.invalidate(unix.STATX_CTIME)
		target.placed(n, name)
	} else if target != nil {
		target.unlinked()
	}
	old.placed(dir, newName)
}
