// SPDX-License-Identifier: Apache-2.0

package client

import (
	"math/bits"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

// What a change makes stale (FUSE_STATX_MODIFY, FUSE_STATX_MODSIZE).
const (
	staleAll     = unix.STATX_BASIC_STATS
	staleModify  = unix.STATX_MTIME | unix.STATX_CTIME | unix.STATX_BLOCKS
	staleModSize = staleModify | unix.STATX_SIZE
)

// change takes over attributes from a reply. version is FS.version from before the request was
// sent, or 0: what we changed ourselves since then is newer than the reply
// (fs/fuse/inode.c:fuse_change_attributes).
func (n *node) change(a *proto.Attr, until int64, version uint64) {
	n.mu.Lock()
	if version != 0 && n.version > version {
		n.stale |= staleAll
		n.mu.Unlock()
		return
	}
	old := n.attr
	first := n.version == 0
	n.set(a, until)
	n.mu.Unlock()
	if !first && n.typ == unix.S_IFREG {
		n.contentsChanged(&old, a)
	}
}

// set replaces the attributes. The lock is held.
func (n *node) set(a *proto.Attr, until int64) {
	n.attr = *a
	n.attr.Mode = a.Mode&^unix.S_IFMT | n.typ
	n.until = until
	n.stale = 0
	n.version = n.fs.version.Add(1)
}

// contentsChanged drops cached contents when size or modification time tell that somebody
// else changed the file.
func (n *node) contentsChanged(old, a *proto.Attr) {
	resized := old.Size != a.Size
	switch {
	case resized && !n.fs.has(proto.ExplicitInvalData):
		n.fs.pages.resize(n, int64(a.Size))
		n.fs.pages.invalidate(n, 0, -1)
	case resized:
		n.fs.pages.resize(n, int64(a.Size))
	case n.fs.has(proto.AutoInvalData) && (old.Mtime != a.Mtime || old.Mtimensec != a.Mtimensec):
		n.fs.pages.invalidate(n, 0, -1)
	}
}

// invalidate makes some attributes stale.
func (n *node) invalidate(mask uint32) {
	n.mu.Lock()
	n.stale |= mask
	n.mu.Unlock()
}

// accessed makes the access time stale after a READ.
func (n *node) accessed() {
	if !n.fs.opt.NoAtime && !n.fs.opt.ReadOnly {
		n.invalidate(unix.STATX_ATIME)
	}
}

// wrote notes that bytes up to end were written (fs/fuse/file.c:fuse_write_update_attr).
func (n *node) wrote(end int64) {
	n.mu.Lock()
	n.version = n.fs.version.Add(1)
	if uint64(end) > n.attr.Size {
		n.attr.Size = uint64(end)
	}
	n.stale |= staleModSize
	n.mu.Unlock()
}

// Attributes that permission depends on.
const forPermission = unix.STATX_MODE | unix.STATX_UID | unix.STATX_GID

// fresh returns the attributes, asking the server only if of those in want (STATX_*) any is stale: reading makes the access time so,
// which only stat(2) wants to know.
func (n *node) fresh(c engine.Call, want uint32) (proto.Attr, error) { return n.freshBy(c, nil, want) }

// freshBy is fresh for a call on an open file, if f is not nil.
func (n *node) freshBy(c engine.Call, f *file, want uint32) (proto.Attr, error) {
	n.mu.Lock()
	a, bad := n.attr, n.bad
	valid := n.stale&want == 0 && n.until >= n.fs.now()
	n.mu.Unlock()
	switch {
	case bad:
		return a, unix.EIO
	case valid:
		return a, nil
	}
	return n.getattr(c, f)
}

// getattr asks the server (fs/fuse/dir.c:fuse_do_getattr), by the handle of an open file if f is not nil.
func (n *node) getattr(c engine.Call, f *file) (proto.Attr, error) {
	var out proto.AttrOut
	version := n.fs.version.Load()
	in := new(proto.GetattrIn)
	if f != nil {
		in.Flags, in.Fh = proto.GetattrFh, f.fh
	}
	err := n.fs.do(c, &Request{Op: proto.Getattr, Node: n.id, In: in, Out: &out})
	if err != nil {
		return out.Attr, err
	}
	if !out.Attr.Valid() || out.Attr.Mode&unix.S_IFMT != n.typ {
		n.makeBad()
		return out.Attr, unix.EIO
	}
	n.change(&out.Attr, n.fs.deadline(out.Valid, out.ValidNsec), version)
	return out.Attr, nil
}

// Stat implements [engine.Node].
func (n *node) Stat(c engine.Call, st *unix.Statx_t) error {
	if !n.fs.allowed(c) {
		return unix.EACCES
	}
	a, err := n.fresh(c, staleAll)
	if err != nil {
		return err
	}
	n.fs.fill(&a, st)
	st.Mode = uint16(a.Mode&^unix.S_IFMT | n.typ)
	return nil
}

func (fs *FS) fill(a *proto.Attr, st *unix.Statx_t) {
	*st = unix.Statx_t{
		Mask: unix.STATX_BASIC_STATS, Blksize: proto.PageSize, Nlink: a.Nlink, Uid: a.UID, Gid: a.GID,
		Mode: uint16(a.Mode), Ino: a.Ino, Size: a.Size, Blocks: a.Blocks,
		Atime: stamp(a.Atime, a.Atimensec), Mtime: stamp(a.Mtime, a.Mtimensec), Ctime: stamp(a.Ctime, a.Ctimensec),
		Rdev_major: a.Rdev >> 8 & 0xfff, Rdev_minor: a.Rdev&0xff | a.Rdev>>12&0xfff00, // new_encode_dev
		Dev_major: unix.Major(fs.dev), Dev_minor: unix.Minor(fs.dev),
	}
	if a.Blksize != 0 && fs.agreed.Load().minor >= 9 {
		st.Blksize = 1 << (bits.Len32(a.Blksize) - 1)
	}
}

func stamp(sec uint64, nsec uint32) unix.StatxTimestamp {
	return unix.StatxTimestamp{Sec: int64(sec), Nsec: min(nsec, 1e9-1)}
}
