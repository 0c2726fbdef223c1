// SPDX-License-Identifier: Apache-2.0

package fserver

import (
	"github.com/hanwen/go-fuse/v2/fuse"
)

// Mknod creates a file, device, fifo or socket.
func (s *Server) Mknod(_ <-chan struct{}, in *fuse.MknodIn, name string, out *fuse.EntryOut) fuse.Status {
	a, err := s.v.Mknod(inode(in.NodeId), name, in.Mode, in.Rdev, false, cred(&in.InHeader, in.Umask))
	return s.entry(out, a, err)
}

// Mkdir creates a directory.
func (s *Server) Mkdir(_ <-chan struct{}, in *fuse.MkdirIn, name string, out *fuse.EntryOut) fuse.Status {
	a, err := s.v.Mkdir(inode(in.NodeId), name, in.Mode, cred(&in.InHeader, in.Umask))
	return s.entry(out, a, err)
}

// Symlink creates a symbolic link.
func (s *Server) Symlink(_ <-chan struct{}, h *fuse.InHeader, target, name string, out *fuse.EntryOut) fuse.Status {
	a, err := s.v.Symlink(inode(h.NodeId), name, target, cred(h, 0))
	return s.entry(out, a, err)
}

// Link gives a file another name.
func (s *Server) Link(_ <-chan struct{}, in *fuse.LinkIn, name string, out *fuse.EntryOut) fuse.Status {
	a, err := s.v.Link(inode(in.Oldnodeid), inode(in.NodeId), name, cred(&in.InHeader, 0))
	return s.entry(out, a, err)
}

// Unlink removes a name.
func (s *Server) Unlink(_ <-chan struct{}, h *fuse.InHeader, name string) fuse.Status {
	return s.status(s.v.Unlink(inode(h.NodeId), name))
}

// Rmdir removes a directory.
func (s *Server) Rmdir(_ <-chan struct{}, h *fuse.InHeader, name string) fuse.Status {
	return s.status(s.v.Rmdir(inode(h.NodeId), name))
}

// Rename is renameat2.
func (s *Server) Rename(_ <-chan struct{}, in *fuse.RenameIn, oldName, newName string) fuse.Status {
	return s.status(s.v.Rename(inode(in.NodeId), oldName, inode(in.Newdir), newName, in.Flags, cred(&in.InHeader, 0)))
}

// Readlink gives a link's target.
func (s *Server) Readlink(_ <-chan struct{}, h *fuse.InHeader) ([]byte, fuse.Status) {
	target, err := s.v.Readlink(inode(h.NodeId))
	return target, s.status(err)
}

// GetXAttr gives an extended attribute.
func (s *Server) GetXAttr(_ <-chan struct{}, h *fuse.InHeader, name string, dest []byte) (uint32, fuse.Status) {
	value, err := s.v.Getxattr(inode(h.NodeId), name)
	return s.sized(value, dest, err)
}

// ListXAttr lists them.
func (s *Server) ListXAttr(_ <-chan struct{}, h *fuse.InHeader, dest []byte) (uint32, fuse.Status) {
	list, err := s.v.Listxattr(inode(h.NodeId), cred(h, 0))
	return s.sized(list, dest, err)
}

// sized answers with a value, or with its size if it does not fit: go-fuse makes of that what was asked for.
func (s *Server) sized(value, dest []byte, err error) (uint32, fuse.Status) {
	if err != nil {
		return 0, s.status(err)
	}
	if len(value) > len(dest) {
		return uint32(len(value)), fuse.ERANGE
	}
	return uint32(copy(dest, value)), fuse.OK
}

// SetXAttr sets an extended attribute.
func (s *Server) SetXAttr(_ <-chan struct{}, in *fuse.SetXAttrIn, name string, data []byte) fuse.Status {
	return s.status(s.v.Setxattr(inode(in.NodeId), name, data, in.Flags))
}

// RemoveXAttr removes one.
func (s *Server) RemoveXAttr(_ <-chan struct{}, h *fuse.InHeader, name string) fuse.Status {
	return s.status(s.v.Removexattr(inode(h.NodeId), name))
}
