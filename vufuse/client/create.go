// SPDX-License-Identifier: Apache-2.0

package client

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

var (
	_ engine.NodeCreater  = (*node)(nil)
	_ engine.NodeTmpfiler = (*node)(nil)
)

// Create implements [engine.NodeCreater]. Without O_EXCL a file that somebody else made meanwhile
// is opened, as open(2) does.
func (n *node) Create(c engine.Call, name string, flags int, mode uint32) (engine.Node, engine.File, error) {
	if err := n.mayChange(c); err != nil {
		return nil, nil, err
	}
	lock(c, &n.dirMu)
	child, f, err := n.create(c, name, flags, mode&0o7777|unix.S_IFREG)
	n.dirMu.Unlock()
	if err == unix.ENOSYS {
		return n.createInSteps(c, name, flags, mode&0o7777|unix.S_IFREG)
	}
	if err != nil {
		return nil, nil, err
	}
	return child, f, nil
}

// createInSteps is for a server without CREATE.
func (n *node) createInSteps(c engine.Call, name string, flags int, mode uint32) (engine.Node, engine.File, error) {
	child, err := n.Mknod(c, name, mode, 0)
	if err != nil {
		return nil, nil, err
	}
	f, err := child.(*node).open(c, flags)
	if err != nil {
		return nil, nil, err
	}
	return child, f, nil
}

// create sends CREATE (fs/fuse/dir.c:fuse_create_open), ENOSYS if the server does not
// know that.
func (n *node) create(c engine.Call, name string, flags int, mode uint32) (*node, engine.File, error) {
	if len(name) > n.fs.agreed.Load().nameMax {
		return nil, nil, unix.ENAMETOOLONG
	}
	in := &proto.CreateIn{Flags: uint32(flags|unix.O_CREAT) &^ unix.O_NOCTTY, Mode: mode, Umask: c.Umask()}
	if n.fs.has(proto.HandleKillprivV2) && flags&unix.O_TRUNC != 0 && !c.Cred().HasCap(unix.CAP_FSETID) {
		in.OpenFlags = proto.OpenKillSuidgid
	}
	var out proto.CreateOut
	err := n.fs.optional(c, &Request{Op: proto.Create, Node: n.id, In: in, Name: name, Out: &out}, unix.ENOSYS)
	if err != nil {
		if err != unix.ENOSYS {
			n.fs.names.remove(n, name)
		}
		return nil, nil, err
	}
	child, err := n.made(name, unix.S_IFREG, &out.Entry)
	if err != nil {
		return nil, nil, err
	}
	return child, child.newFile(flags, &out.Open), nil
}

// Tmpfile implements [engine.NodeTmpfiler].
func (n *node) Tmpfile(c engine.Call, flags int, mode uint32) (engine.Node, engine.File, error) {
	if err := n.mayChange(c); err != nil {
		return nil, nil, err
	}
	in := &proto.CreateIn{Flags: uint32(flags | unix.O_TMPFILE), Mode: mode&0o7777 | unix.S_IFREG, Umask: c.Umask()}
	var out proto.CreateOut
	lock(c, &n.dirMu)
	defer n.dirMu.Unlock()
	r := &Request{Op: proto.Tmpfile, Node: n.id, In: in, Name: "/", Out: &out} // the kernel's name for it
	err := n.fs.optional(c, r, unix.EOPNOTSUPP)
	if err != nil {
		return nil, nil, err
	}
	e := &out.Entry
	if !proto.ValidChild(e.Node) || !e.Attr.Valid() || e.Attr.Mode&unix.S_IFMT != unix.S_IFREG {
		n.fs.reject(e)
		return nil, nil, unix.EIO
	}
	child := n.fs.iget(e, 0)
	return child, child.newFile(flags, &out.Open), nil
}
