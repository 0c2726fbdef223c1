// SPDX-License-Identifier: Apache-2.0

package client

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

// judges tells whether modes and owners decide, not the server: by default_permissions, or because the server has FUSE_POSIX_ACL
// (fs/fuse/inode.c:process_init_reply()).
func (fs *FS) judges() bool { return fs.opt.DefaultPermissions || fs.has(proto.PosixACL) }

// access is engine.Access for an inode with attributes a, and with its ACL if the server has FUSE_POSIX_ACL
// (fs/namei.c:acl_permission_check()).
func (n *node) access(c engine.Call, a *proto.Attr, mask uint32) error {
	if !n.fs.has(proto.PosixACL) || a.Mode&unix.S_IRWXG == 0 || n.typ == unix.S_IFLNK || c.IDs().FSUID == a.UID {
		return engine.Access(c, ownerOf(a), mask)
	}
	l, err := n.cachedACL(c, aclAccess)
	if err != nil {
		return err
	}
	if len(l) == 0 {
		return engine.Access(c, ownerOf(a), mask)
	}
	if err = l.allows(c, a.GID, mask); err != unix.EACCES {
		return err
	}
	return engine.Override(c, uint32(a.Mode), mask)
}

// knownACL is an ACL that an inode had with a version of its attributes.
type knownACL struct {
	list    acl
	version uint64
}

// cachedACL is getACL for a server with FUSE_POSIX_ACL, which is asked once as long as the attributes are valid.
func (n *node) cachedACL(c engine.Call, name string) (acl, error) {
	if !n.fs.has(proto.PosixACL) {
		return n.getACL(c, name)
	}
	at := &n.acls[0]
	if name == aclDefault {
		at = &n.acls[1]
	}
	n.mu.Lock()
	known, version := *at, n.version
	n.mu.Unlock()
	if known != nil && known.version == version {
		return known.list, nil
	}
	l, err := n.getACL(c, name)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	*at = &knownACL{l, version}
	n.mu.Unlock()
	return l, nil
}

// getACL asks the server (fs/fuse/acl.c:__fuse_get_acl()). An ACL that there is not is empty.
func (n *node) getACL(c engine.Call, name string) (acl, error) {
	b, err := n.xattrBytes(c, proto.Getxattr, name)
	switch {
	case err == unix.ENODATA, err == unix.EOPNOTSUPP && n.fs.lacks(proto.Getxattr):
		return nil, nil
	case err == unix.ERANGE, err == nil && len(b) > proto.PageSize:
		return nil, unix.E2BIG
	case err != nil:
		return nil, err
	}
	return parseACL(b)
}

// getACLXattr is getxattr(2) of an ACL, whose value is not the server's, but what the kernel makes of it (fs/posix_acl.c:do_get_acl()).
func (n *node) getACLXattr(c engine.Call, name string) ([]byte, error) {
	if n.typ == unix.S_IFLNK {
		return nil, unix.EOPNOTSUPP
	}
	l, err := n.cachedACL(c, name)
	if err == nil && len(l) == 0 {
		err = unix.ENODATA
	}
	return l.bytes(), err
}

// setACL is setxattr(2) of an ACL, or removexattr(2) if there are no entries: whether it is one, and who may set it, is not for the
// server to say (fs/posix_acl.c:set_posix_acl(), fs/fuse/acl.c:fuse_set_acl()).
func (n *node) setACL(c engine.Call, name string, l acl) error {
	n.mu.Lock()
	uid, gid := n.attr.UID, n.attr.GID
	n.mu.Unlock()
	switch {
	case n.typ == unix.S_IFLNK:
		return unix.EOPNOTSUPP
	case name == aclDefault && n.typ != unix.S_IFDIR && len(l) > 0:
		return unix.EACCES
	case name == aclDefault && n.typ != unix.S_IFDIR:
		return nil
	case c.IDs().FSUID != uid && !c.Cred().HasCap(unix.CAP_FOWNER):
		return unix.EPERM
	case len(l) == 0:
		return n.aclChanged(n.fs.optional(c, &Request{Op: proto.Removexattr, Node: n.id, Name: name}, unix.EOPNOTSUPP))
	case !l.valid():
		return unix.EINVAL
	}
	value := l.bytes()
	if len(value) > proto.PageSize {
		return unix.E2BIG
	}
	in := &proto.SetxattrIn{Size: uint32(len(value))}
	if n.fs.has(proto.PosixACL) && !c.Cred().InGroup(gid) && !c.Cred().HasCap(unix.CAP_FSETID) {
		in.ExtFlags = proto.SetxattrACLKillSgid
	}
	return n.aclChanged(n.fs.optional(c, &Request{Op: proto.Setxattr, Node: n.id, In: in, Name: name, Data: value}, unix.EOPNOTSUPP))
}

// aclChanged makes attributes and ACL stale: the server may have changed the mode.
func (n *node) aclChanged(err error) error {
	n.mu.Lock()
	n.acls = [2]*knownACL{}
	n.mu.Unlock()
	return n.xattrChanged(err)
}
