// SPDX-License-Identifier: Apache-2.0

package fserver

import (
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
	"vuos.dev/submods/vufuseext2/internal/volume"
)

// Lookup finds a name. That there is none may be remembered too: node id 0 with a timeout says so.
func (s *Server) Lookup(_ <-chan struct{}, h *fuse.InHeader, name string, out *fuse.EntryOut) fuse.Status {
	a, err := s.v.Lookup(inode(h.NodeId), name)
	if err == unix.ENOENT {
		out.SetEntryTimeout(keep)
		return fuse.OK
	}
	return s.entry(out, a, err)
}

// Forget takes references back that entries gave.
func (s *Server) Forget(node, n uint64) { s.v.Forget(inode(node), n) }

// GetAttr is stat.
func (s *Server) GetAttr(_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut) fuse.Status {
	a, err := s.v.GetAttr(inode(in.NodeId))
	return s.attr(out, a, err)
}

func (s *Server) attr(out *fuse.AttrOut, a volume.Attr, err error) fuse.Status {
	if err != nil {
		return s.status(err)
	}
	out.SetTimeout(keep)
	setAttr(&out.Attr, &a)
	return fuse.OK
}

// SetAttr is chmod, chown, truncate and utimensat.
func (s *Server) SetAttr(_ <-chan struct{}, in *fuse.SetAttrIn, out *fuse.AttrOut) fuse.Status {
	var set volume.SetAttr
	if mode, ok := in.GetMode(); ok {
		set.Mode = &mode
	}
	if in.Valid&fuse.FATTR_UID != 0 {
		set.UID = &in.Uid
	}
	if in.Valid&fuse.FATTR_GID != 0 {
		set.GID = &in.Gid
	}
	if size, ok := in.GetSize(); ok {
		set.Size = &size
	}
	// A request that sets nothing is file_remove_privs, before a write: the answer tells the kernel the new mode.
	set.KillIDs = in.Valid&fuse.FATTR_KILL_SUIDGID != 0 || in.Valid&^(fuse.FATTR_FH|fuse.FATTR_LOCKOWNER) == 0
	now := time.Now()
	set.Now = in.Valid&(fuse.FATTR_ATIME|fuse.FATTR_ATIME_NOW) != fuse.FATTR_ATIME &&
		in.Valid&(fuse.FATTR_MTIME|fuse.FATTR_MTIME_NOW) != fuse.FATTR_MTIME
	set.Atime = pick(in.Valid, fuse.FATTR_ATIME, fuse.FATTR_ATIME_NOW, now, in.Atime, in.Atimensec)
	set.Mtime = pick(in.Valid, fuse.FATTR_MTIME, fuse.FATTR_MTIME_NOW, now, in.Mtime, in.Mtimensec)
	set.Ctime = pick(in.Valid, fuse.FATTR_CTIME, 0, now, in.Ctime, in.Ctimensec)
	a, err := s.v.SetAttr(inode(in.NodeId), set, cred(&in.InHeader, 0))
	return s.attr(out, a, err)
}

// pick gives the time that a request sets, if it does.
func pick(valid, set, present uint32, now time.Time, sec uint64, nsec uint32) *time.Time {
	switch {
	case valid&set == 0:
		return nil
	case valid&present != 0:
		return &now
	}
	t := time.Unix(int64(sec), int64(nsec))
	return &t
}

// Statx is stat with the time of creation and the flags.
func (s *Server) Statx(_ <-chan struct{}, in *fuse.StatxIn, out *fuse.StatxOut) fuse.Status {
	a, err := s.v.GetAttr(inode(in.NodeId))
	if err != nil {
		return s.status(err)
	}
	out.SetTimeout(keep)
	x := &out.Statx
	x.Mask = unix.STATX_BASIC_STATS
	x.Ino, x.Size, x.Blocks, x.Blksize = uint64(a.Ino), a.Size, a.Blocks, a.BlockSize
	x.Mode, x.Nlink, x.Uid, x.Gid = uint16(a.Mode), a.Nlink, a.UID, a.GID
	x.RdevMajor, x.RdevMinor = unix.Major(uint64(a.Rdev)), unix.Minor(uint64(a.Rdev))
	x.Atime, x.Mtime, x.Ctime = sxTime(a.Atime), sxTime(a.Mtime), sxTime(a.Ctime)
	if !a.Btime.IsZero() {
		x.Mask |= unix.STATX_BTIME
		x.Btime = sxTime(a.Btime)
	}
	x.AttributesMask = unix.STATX_ATTR_IMMUTABLE | unix.STATX_ATTR_APPEND | unix.STATX_ATTR_NODUMP
	x.Attributes = uint64(a.Flags) & x.AttributesMask // the same bits
	return fuse.OK
}

func sxTime(t time.Time) fuse.SxTime {
	return fuse.SxTime{Sec: uint64(t.Unix()), Nsec: uint32(t.Nanosecond())}
}

// StatFs is statfs.
func (s *Server) StatFs(_ <-chan struct{}, _ *fuse.InHeader, out *fuse.StatfsOut) fuse.Status {
	st, err := s.v.Statfs()
	if err != nil {
		return s.status(err)
	}
	*out = fuse.StatfsOut{
		Blocks: st.Blocks, Bfree: st.Free, Bavail: st.Avail, Files: st.Files, Ffree: st.FreeFiles,
		Bsize: st.BlockSize, Frsize: st.BlockSize, NameLen: 255,
	}
	return fuse.OK
}
