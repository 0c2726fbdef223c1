// SPDX-License-Identifier: Apache-2.0

// Package vufusenull is the vufuse submodule of a file system that is an empty directory in which nothing
// can be done: every operation that changes something is one that the server does not have
// (ENOSYS). It is for testing, and the shortest submodule there can be.
//
//	vumount -t vufusenull none DIR
package vufusenull

import (
	"context"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse"
)

// Submodule is the registration for [vufuse.New].
var Submodule = vufuse.Submodule{
	Name:        "null",
	Description: "an empty directory",
	Root: func(engine.Call, *engine.MountRequest, *vufuse.Options) (fs.InodeEmbedder, error) {
		return &null{}, nil
	},
}

// null is the directory.
type null struct{ fs.Inode }

var (
	_ fs.NodeGetattrer = (*null)(nil)
	_ fs.NodeSetattrer = (*null)(nil)
	_ fs.NodeCreater   = (*null)(nil)
	_ fs.NodeMknoder   = (*null)(nil)
	_ fs.NodeMkdirer   = (*null)(nil)
	_ fs.NodeSymlinker = (*null)(nil)
	_ fs.NodeAccesser  = (*null)(nil)
	_ fs.NodeStatfser  = (*null)(nil)
)

func (*null) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	out.Mode, out.Nlink = unix.S_IFDIR|0o755, 2
	return 0
}

// Access is not there, so that everything is allowed.
func (*null) Access(context.Context, uint32) syscall.Errno { return unix.ENOSYS }

func (*null) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno {
	out.Bsize, out.Frsize, out.NameLen = 512, 512, 255 // libfuse's default
	return 0
}

func (*null) Setattr(context.Context, fs.FileHandle, *fuse.SetAttrIn, *fuse.AttrOut) syscall.Errno {
	return unix.ENOSYS
}

func (*null) Create(context.Context, string, uint32, uint32, *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	return nil, nil, 0, unix.ENOSYS
}

func (*null) Mknod(context.Context, string, uint32, uint32, *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return nil, unix.ENOSYS
}

func (*null) Mkdir(context.Context, string, uint32, *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return nil, unix.ENOSYS
}

func (*null) Symlink(context.Context, string, string, *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return nil, unix.ENOSYS
}
