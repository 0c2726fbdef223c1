// SPDX-License-Identifier: Apache-2.0

package fserver

import (
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"
)

// Create makes and opens a file.
func (s *Server) Create(_ <-chan struct{}, in *fuse.CreateIn, name string, out *fuse.CreateOut) fuse.Status {
	a, err := s.v.Mknod(inode(in.NodeId), name, in.Mode&^unix.S_IFMT|unix.S_IFREG, 0, true, cred(&in.InHeader, in.Umask))
	out.OpenFlags = fuse.FOPEN_KEEP_CACHE
	return s.entry(&out.EntryOut, a, err)
}

// Tmpfile makes and opens a file without a name.
func (s *Server) Tmpfile(_ <-chan struct{}, in *fuse.CreateIn, out *fuse.CreateOut) fuse.Status {
	a, err := s.v.Tmpfile(inode(in.NodeId), in.Mode, cred(&in.InHeader, in.Umask))
	out.OpenFlags = fuse.FOPEN_KEEP_CACHE
	return s.entry(&out.EntryOut, a, err)
}

// Open opens a file. Its pages may stay: only the kernel that has them changes the file. Of a volume that is only read
// nothing need be kept for open files, and the kernel need not tell of them (FUSE_NO_OPEN_SUPPORT).
func (s *Server) Open(_ <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	if !s.v.Writable() {
		return fuse.ENOSYS
	}
	out.OpenFlags = fuse.FOPEN_KEEP_CACHE
	return s.status(s.v.Open(inode(in.NodeId), in.Flags))
}

// Release is the last close of an open file.
func (s *Server) Release(_ <-chan struct{}, in *fuse.ReleaseIn) { s.v.Release(inode(in.NodeId)) }

// Read reads from a file.
func (s *Server) Read(_ <-chan struct{}, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, fuse.Status) {
	n, err := s.v.Read(inode(in.NodeId), buf[:min(len(buf), int(in.Size))], in.Offset)
	if err != nil {
		return nil, s.status(err)
	}
	return fuse.ReadResultData(buf[:n]), fuse.OK
}

// Write writes to a file.
func (s *Server) Write(_ <-chan struct{}, in *fuse.WriteIn, data []byte) (uint32, fuse.Status) {
	n, err := s.v.Write(inode(in.NodeId), data, in.Offset, in.WriteFlags&fuse.WRITE_KILL_SUIDGID != 0, cred(&in.InHeader, 0))
	if n > 0 {
		return uint32(n), fuse.OK
	}
	return 0, s.status(err)
}

// Lseek finds data and holes.
func (s *Server) Lseek(_ <-chan struct{}, in *fuse.LseekIn, out *fuse.LseekOut) fuse.Status {
	off, err := s.v.Seek(inode(in.NodeId), in.Offset, in.Whence)
	out.Offset = off
	return s.status(err)
}

// Fallocate allocates, punches and zeroes.
func (s *Server) Fallocate(_ <-chan struct{}, in *fuse.FallocateIn) fuse.Status {
	return s.status(s.v.Fallocate(inode(in.NodeId), in.Mode, in.Offset, in.Length, cred(&in.InHeader, 0)))
}

// Flush is close(2): writes are not held back here, so the kernel need not ask again.
func (s *Server) Flush(<-chan struct{}, *fuse.FlushIn) fuse.Status { return fuse.ENOSYS }

// Fsync puts everything on the image's storage.
func (s *Server) Fsync(<-chan struct{}, *fuse.FsyncIn) fuse.Status { return s.status(s.v.Sync()) }

// FsyncDir does so too.
func (s *Server) FsyncDir(<-chan struct{}, *fuse.FsyncIn) fuse.Status { return s.status(s.v.Sync()) }
