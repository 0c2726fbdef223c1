// SPDX-License-Identifier: Apache-2.0

package client

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

// allowed tells whether the caller may use the file system at all: without allow_other only a
// process that is the one who mounted in all its ids, so that a server cannot trouble
// others (fs/fuse/dir.c:fuse_allow_current_process). What is allowed depends on what the server has, so
// it waits for INIT.
func (fs *FS) allowed(c engine.Call) bool {
	if !fs.opt.AllowOther && !fs.owns(c.IDs()) {
		return false
	}
	_ = fs.await(c, false) // if interrupted, the request will be as well
	return true
}

func (fs *FS) owns(who *engine.IDs) bool {
	return who.UID == fs.uid && who.EUID == fs.uid && who.SUID == fs.uid &&
		who.GID == fs.gid && who.EGID == fs.gid && who.SGID == fs.gid
}

// permit is fs/fuse/dir.c:fuse_permission without MAY_ACCESS: whether the caller may do mask on
// the inode as part of another call. Without default_permissions the server decides
// that with the call itself.
func (n *node) permit(c engine.Call, mask uint32) error {
	if n.isBad() {
		return unix.EIO
	}
	if !n.fs.allowed(c) {
		return unix.EACCES
	}
	if n.fs.judges() {
		return n.decide(c, mask)
	}
	if mask&unix.X_OK != 0 && n.typ == unix.S_IFREG {
		return n.executable(c)
	}
	return nil
}

// decide compares with mode and owner. A refusal on cached attributes is checked with
// current ones.
func (n *node) decide(c engine.Call, mask uint32) error {
	a, err := n.fresh(c, forPermission)
	if err != nil {
		return err
	}
	if err = n.access(c, &a, mask); err != unix.EACCES {
		return err
	}
	if a, err = n.getattr(c, nil); err != nil {
		return err
	}
	return n.access(c, &a, mask)
}

func (n *node) executable(c engine.Call) error {
	a, err := n.fresh(c, forPermission)
	if err == nil && a.Mode&0o111 == 0 {
		err = unix.EACCES
	}
	return err
}

// ownerOf has of the attributes what permission depends on.
func ownerOf(a *proto.Attr) *unix.Statx_t {
	return &unix.Statx_t{Mode: uint16(a.Mode), Uid: a.UID, Gid: a.GID}
}

// Permit implements [engine.NodePermitter].
func (n *node) Permit(c engine.Call, mask uint32) error {
	if err := n.permit(c, mask); err != nil {
		return err
	}
	return n.mayWrite(mask)
}

// mayWrite is fs/namei.c:sb_permission().
func (n *node) mayWrite(mask uint32) error {
	if n.fs.opt.ReadOnly && mask&unix.W_OK != 0 && (n.typ == unix.S_IFREG || n.typ == unix.S_IFDIR || n.typ == unix.S_IFLNK) {
		return unix.EROFS // not a device
	}
	return nil
}

// Access implements [engine.NodeAccesser]: without default_permissions it is the server's to say, and only its, which a file may be used as
// a program (fs/fuse/dir.c:fuse_permission(), MAY_ACCESS).
func (n *node) Access(c engine.Call, mask uint32) error {
	if err := n.permit(c, 0); err != nil {
		return err
	}
	if n.fs.judges() || mask == 0 {
		return n.Permit(c, mask)
	}
	if err := n.mayWrite(mask); err != nil {
		return err
	}
	return n.fs.optional(c, &Request{Op: proto.Access, Node: n.id, In: &proto.AccessIn{Mask: mask}}, nil)
}

// mayChange tells whether names may be added to a directory.
func (n *node) mayChange(c engine.Call) error {
	if n.fs.opt.ReadOnly {
		return unix.EROFS
	}
	if n.typ != unix.S_IFDIR {
		return unix.ENOTDIR
	}
	return n.permit(c, unix.W_OK|unix.X_OK)
}

// mayRemove tells whether child may be removed from dir: the kernel itself checks the sticky
// bit, whoever decides about the rest (fs/namei.c:may_delete).
func (dir *node) mayRemove(c engine.Call, child *node) error {
	if err := dir.mayChange(c); err != nil {
		return err
	}
	dir.mu.Lock()
	d := dir.attr
	dir.mu.Unlock()
	if d.Mode&unix.S_ISVTX == 0 {
		return nil
	}
	a, err := child.fresh(c, forPermission)
	if err != nil {
		return err
	}
	if uid := c.IDs().FSUID; uid != a.UID && uid != d.UID && !c.Cred().HasCap(unix.CAP_FOWNER) {
		return unix.EPERM
	}
	return nil
}
