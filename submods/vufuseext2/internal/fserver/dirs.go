// SPDX-License-Identifier: Apache-2.0

package fserver

import (
	"github.com/hanwen/go-fuse/v2/fuse"
	"vuos.dev/submods/vufuseext2/internal/volume"
)

// OpenDir opens a directory. Where nothing can be changed, a client need not ask (FUSE_NO_OPENDIR_SUPPORT, Linux 5.1).
func (s *Server) OpenDir(_ <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	if !s.v.Writable() {
		return fuse.ENOSYS
	}
	d, err := s.v.OpenDir(inode(in.NodeId))
	if err != nil {
		return s.status(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	s.dirs[s.next] = d
	out.Fh = s.next
	out.OpenFlags = fuse.FOPEN_KEEP_CACHE | fuse.FOPEN_CACHE_DIR
	return fuse.OK
}

func (s *Server) dir(fh uint64) *volume.Dir {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dirs[fh]
}

// ReleaseDir closes one.
func (s *Server) ReleaseDir(in *fuse.ReleaseIn) {
	s.mu.Lock()
	d := s.dirs[in.Fh]
	delete(s.dirs, in.Fh)
	s.mu.Unlock()
	if d != nil {
		d.Close()
	}
}

// ReadDir lists names.
func (s *Server) ReadDir(_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	return s.list(in, func(e fuse.DirEntry, _ func() (volume.Attr, error)) bool { return out.AddDirEntry(e) })
}

// ReadDirPlus lists names with attributes; an inode that cannot be read is listed without, and a lookup will tell why.
func (s *Server) ReadDirPlus(_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList) fuse.Status {
	return s.list(in, func(e fuse.DirEntry, attr func() (volume.Attr, error)) bool {
		entry := out.AddDirLookupEntry(e)
		if entry == nil {
			return false
		}
		if e.Name == "." || e.Name == ".." {
			return true // the kernel wants no node for these
		}
		if a, err := attr(); err == nil {
			setEntry(entry, &a)
			out.FixMode(a.Mode)
		}
		return true
	})
}

func (s *Server) list(in *fuse.ReadIn, add func(fuse.DirEntry, func() (volume.Attr, error)) bool) fuse.Status {
	d := s.dir(in.Fh)
	switch {
	case d == nil && in.Fh != 0:
		return fuse.EBADF
	case d == nil: // it was not opened
		var err error
		if d, err = s.v.OpenDir(inode(in.NodeId)); err != nil {
			return s.status(err)
		}
		defer d.Close()
	}
	added := false
	err := d.Read(in.Offset, func(e volume.DirEntry, attr func() (volume.Attr, error)) bool {
		ok := add(fuse.DirEntry{Name: e.Name, Ino: uint64(e.Ino), Mode: e.Mode, Off: e.Off}, attr)
		added = added || ok
		return ok
	})
	if added {
		return fuse.OK // an error shows when the rest is read
	}
	return s.status(err)
}
