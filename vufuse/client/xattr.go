// SPDX-License-Identifier: Apache-2.0

package client

import (
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

var _ engine.NodeXattrer = (*node)(nil)

// values are buffers for the largest value there may be.
var values = sync.Pool{New: func() any { return new([proto.XattrSizeMax]byte) }}

// Getxattr implements [engine.NodeXattrer].
func (n *node) Getxattr(c engine.Call, name string) ([]byte, error) {
	if err := n.xattrPermit(c, name, unix.R_OK); err != nil {
		return nil, err
	}
	if isACL(name) {
		return n.getACLXattr(c, name)
	}
	return n.xattrBytes(c, proto.Getxattr, name)
}

// Listxattr implements [engine.NodeXattrer].
func (n *node) Listxattr(c engine.Call) ([]string, error) {
	if n.isBad() {
		return nil, unix.EIO
	}
	if !n.fs.allowed(c) {
		return nil, unix.EACCES
	}
	b, err := n.xattrBytes(c, proto.Listxattr, "")
	if err != nil {
		return nil, err
	}
	names, ok := proto.ParseXattrList(b)
	if !ok {
		return nil, unix.EIO
	}
	return names, nil
}

func (n *node) xattrBytes(c engine.Call, op proto.Op, name string) ([]byte, error) {
	buf := values.Get().(*[proto.XattrSizeMax]byte)
	defer values.Put(buf)
	r := &Request{Op: op, Node: n.id, In: &proto.GetxattrIn{Size: uint32(len(buf))}, Name: name, Buf: buf[:]}
	if err := n.fs.optional(c, r, unix.EOPNOTSUPP); err != nil {
		return nil, err
	}
	return append([]byte{}, buf[:r.N]...), nil
}

// Setxattr implements [engine.NodeXattrer].
func (n *node) Setxattr(c engine.Call, name string, value []byte, flags int) error {
	if err := n.xattrPermit(c, name, unix.W_OK); err != nil {
		return err
	}
	if len(value) > proto.XattrSizeMax {
		return unix.E2BIG
	}
	if isACL(name) {
		l, err := parseACL(value)
		if err != nil {
			return err
		}
		return n.setACL(c, name, l)
	}
	in := &proto.SetxattrIn{Size: uint32(len(value)), Flags: uint32(flags)}
	r := &Request{Op: proto.Setxattr, Node: n.id, In: in, Name: name, Data: value}
	return n.xattrChanged(n.fs.optional(c, r, unix.EOPNOTSUPP))
}

// Removexattr implements [engine.NodeXattrer].
func (n *node) Removexattr(c engine.Call, name string) error {
	if err := n.xattrPermit(c, name, unix.W_OK); err != nil {
		return err
	}
	if isACL(name) {
		return n.setACL(c, name, nil)
	}
	r := &Request{Op: proto.Removexattr, Node: n.id, Name: name}
	return n.xattrChanged(n.fs.optional(c, r, unix.EOPNOTSUPP))
}

func (n *node) xattrChanged(err error) error {
	if err == nil {
		n.invalidate(staleAll) // an ACL changes the mode
	}
	return err
}

// xattrPermit is fs/xattr.c:xattr_permission.
func (n *node) xattrPermit(c engine.Call, name string, mask uint32) error {
	write := mask == unix.W_OK
	if n.isBad() {
		return unix.EIO
	}
	if !n.fs.allowed(c) {
		return unix.EACCES
	}
	switch {
	case write && n.fs.opt.ReadOnly:
		return unix.EROFS
	case strings.HasPrefix(name, "security."), strings.HasPrefix(name, "system."):
		return nil
	case strings.HasPrefix(name, "trusted."):
		if c.Cred().HasCap(unix.CAP_SYS_ADMIN) {
			return nil
		}
		return refuse(write, unix.EPERM)
	case strings.HasPrefix(name, "user.") && n.typ != unix.S_IFREG && n.typ != unix.S_IFDIR:
		return refuse(write, unix.EPERM)
	}
	return n.permit(c, mask)
}

func refuse(write bool, err error) error {
	if write {
		return err
	}
	return unix.ENODATA
}
