// SPDX-License-Identifier: Apache-2.0

package vufusereal

import (
	"context"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

var (
	_ fs.NodeGetattrer     = (*node)(nil)
	_ fs.NodeStatxer       = (*node)(nil)
	_ fs.NodeSetattrer     = (*node)(nil)
	_ fs.NodeGetxattrer    = (*node)(nil)
	_ fs.NodeSetxattrer    = (*node)(nil)
	_ fs.NodeRemovexattrer = (*node)(nil)
	_ fs.NodeListxattrer   = (*node)(nil)
)

// Getattr implements fs.NodeGetattrer.
func (n *node) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	return n.with(func(fd int) error { return getattr(fd, out) })
}

func getattr(fd int, out *fuse.AttrOut) error {
	var st syscall.Stat_t
	err := syscall.Fstat(fd, &st)
	out.FromStat(&st)
	return err
}

// Statx implements fs.NodeStatxer.
func (n *node) Statx(_ context.Context, _ fs.FileHandle, flags, mask uint32, out *fuse.StatxOut) syscall.Errno {
	const sync = unix.AT_STATX_FORCE_SYNC | unix.AT_STATX_DONT_SYNC
	return n.with(func(fd int) error {
		var st unix.Statx_t
		err := unix.Statx(fd, "", int(flags)&sync|unix.AT_EMPTY_PATH, int(mask), &st)
		out.FromStatx(&st)
		return err
	})
}

// Setattr implements fs.NodeSetattrer.
func (n *node) Setattr(_ context.Context, _ fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	return n.with(func(fd int) error {
		if err := setattr(fd, in); err != nil {
			return err
		}
		return getattr(fd, out)
	})
}

// setattr changes the owner before the mode, since that takes bits of the mode away, and times last, since a change of size
// sets them.
func setattr(fd int, in *fuse.SetAttrIn) error {
	if in.Valid&(fuse.FATTR_UID|fuse.FATTR_GID) != 0 {
		owner, group := -1, -1
		if uid, ok := in.GetUID(); ok {
			owner = int(uid)
		}
		if gid, ok := in.GetGID(); ok {
			group = int(gid)
		}
		if err := unix.Fchownat(fd, "", owner, group, unix.AT_EMPTY_PATH); err != nil {
			return err
		}
	}
	if mode, ok := in.GetMode(); ok {
		if err := unix.Chmod(magic(fd), mode&0o7777); err != nil {
			return err
		}
	}
	if size, ok := in.GetSize(); ok {
		if err := unix.Truncate(magic(fd), int64(size)); err != nil {
			return err
		}
	}
	return setTimes(fd, in)
}

func setTimes(fd int, in *fuse.SetAttrIn) error {
	const any = fuse.FATTR_ATIME | fuse.FATTR_MTIME | fuse.FATTR_ATIME_NOW | fuse.FATTR_MTIME_NOW
	if in.Valid&any == 0 {
		return nil
	}
	ts := []unix.Timespec{{Nsec: unix.UTIME_OMIT}, {Nsec: unix.UTIME_OMIT}}
	set := func(i int, value, now uint32, t unix.Timespec) {
		switch {
		case in.Valid&now != 0:
			ts[i].Nsec = unix.UTIME_NOW
		case in.Valid&value != 0:
			ts[i] = t
		}
	}
	set(0, fuse.FATTR_ATIME, fuse.FATTR_ATIME_NOW, unix.Timespec{Sec: int64(in.Atime), Nsec: int64(in.Atimensec)})
	set(1, fuse.FATTR_MTIME, fuse.FATTR_MTIME_NOW, unix.Timespec{Sec: int64(in.Mtime), Nsec: int64(in.Mtimensec)})
	return unix.UtimesNanoAt(fd, "", ts, unix.AT_EMPTY_PATH)
}

// Getxattr implements fs.NodeGetxattrer.
func (n *node) Getxattr(_ context.Context, attr string, dest []byte) (size uint32, errno syscall.Errno) {
	errno = n.with(func(fd int) error {
		k, err := unix.Getxattr(magic(fd), attr, dest)
		size = uint32(max(k, 0))
		return err
	})
	return size, errno
}

// Setxattr implements fs.NodeSetxattrer.
func (n *node) Setxattr(_ context.Context, attr string, data []byte, flags uint32) syscall.Errno {
	return n.with(func(fd int) error { return unix.Setxattr(magic(fd), attr, data, int(flags)) })
}

// Removexattr implements fs.NodeRemovexattrer.
func (n *node) Removexattr(_ context.Context, attr string) syscall.Errno {
	return n.with(func(fd int) error { return unix.Removexattr(magic(fd), attr) })
}

// Listxattr implements fs.NodeListxattrer.
func (n *node) Listxattr(_ context.Context, dest []byte) (size uint32, errno syscall.Errno) {
	errno = n.with(func(fd int) error {
		k, err := unix.Listxattr(magic(fd), dest)
		size = uint32(max(k, 0))
		return err
	})
	return size, errno
}
