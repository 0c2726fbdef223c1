// SPDX-License-Identifier: Apache-2.0

package fserver

import (
	"encoding/binary"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// The kernel turns FS_IOC_SETFLAGS of chattr(1) into a FS_IOC_FSGETXATTR and the call itself (fs/fuse/ioctl.c).
const (
	fsGetXattr = 0x801c581f // FS_IOC_FSGETXATTR: struct fsxattr, 28 bytes
	fsSetXattr = 0x401c5820 // FS_IOC_FSSETXATTR
	fsxSize    = 28
	fsxProject = 12 // offset of fsx_projid
)

// xflags pairs flags of FS_IOC_GETFLAGS with those of struct fsxattr (include/uapi/linux/fs.h).
var xflags = [...][2]uint32{
	{0x10, 0x8},  // immutable
	{0x20, 0x10}, // append-only
	{0x8, 0x20},  // sync
	{0x80, 0x40}, // no access times
	{0x40, 0x80}, // no dump
}

// Ioctl serves lsattr and chattr. Errors: ENOTTY for other requests, EOPNOTSUPP for project numbers.
func (s *Server) Ioctl(_ <-chan struct{}, in *fuse.IoctlIn, inbuf []byte, _ *fuse.IoctlOut, outbuf []byte) fuse.Status {
	a, err := s.v.GetAttr(inode(in.NodeId))
	if err != nil {
		return s.status(err)
	}
	switch {
	case in.Cmd == unix.FS_IOC_GETFLAGS && len(outbuf) >= 4:
		binary.LittleEndian.PutUint32(outbuf, a.Flags)
	case in.Cmd == unix.FS_IOC_SETFLAGS && len(inbuf) >= 4:
		return s.setFlags(in, binary.LittleEndian.Uint32(inbuf))
	case in.Cmd == fsGetXattr && len(outbuf) >= fsxSize:
		clear(outbuf[:fsxSize])
		for _, x := range xflags {
			if a.Flags&x[0] != 0 {
				binary.LittleEndian.PutUint32(outbuf, binary.LittleEndian.Uint32(outbuf)|x[1])
			}
		}
	case in.Cmd == fsSetXattr && len(inbuf) >= fsxSize:
		flags, err := mergeXflags(a.Flags, inbuf)
		if err != nil {
			return s.status(err)
		}
		return s.setFlags(in, flags)
	default:
		return fuse.Status(unix.ENOTTY)
	}
	return fuse.OK
}

// mergeXflags gives flags as a struct fsxattr wants them.
func mergeXflags(flags uint32, fsx []byte) (uint32, error) {
	want := binary.LittleEndian.Uint32(fsx)
	if binary.LittleEndian.Uint32(fsx[fsxProject:]) != 0 {
		return 0, unix.EOPNOTSUPP
	}
	for _, x := range xflags {
		flags &^= x[0]
		if want&x[1] != 0 {
			flags |= x[0]
			want &^= x[1]
		}
	}
	if want != 0 {
		return 0, unix.EOPNOTSUPP
	}
	return flags, nil
}

func (s *Server) setFlags(in *fuse.IoctlIn, flags uint32) fuse.Status {
	return s.status(s.v.SetFlags(inode(in.NodeId), flags, cred(&in.InHeader, 0)))
}
