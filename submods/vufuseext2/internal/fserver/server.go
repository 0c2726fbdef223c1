// SPDX-License-Identifier: Apache-2.0

// Package fserver answers FUSE requests from a volume: it implements go-fuse's RawFileSystem.
//
// A FUSE node id is the inode number of the image, but for the root, which FUSE wants to be 1 and ext2 has as 2; inode
// 1 (bad blocks) is never shown. Nobody else changes the image, so the kernel may keep names, attributes and pages as
// long as it likes. All methods may be called at once; Volume serialises what must be.
package fserver

import (
	"errors"
	"log"
	"sync"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"vuos.dev/submods/vufuseext2/internal/volume"
)

// keep is how long the kernel may trust names (also missing ones) and attributes.
const keep = time.Hour

// Server is a RawFileSystem. Requests it does not know are answered with ENOSYS by the embedded default.
type Server struct {
	fuse.RawFileSystem
	v    *volume.Volume
	logf func(format string, args ...any)

	mu   sync.Mutex
	dirs map[uint64]*volume.Dir
	next uint64
}

var _ fuse.RawFileSystem = (*Server)(nil)

// New makes a server for v. Errors that are no errno go to logf (log.Printf if nil) and become EIO.
func New(v *volume.Volume, logf func(format string, args ...any)) *Server {
	if logf == nil {
		logf = log.Printf
	}
	return &Server{
		RawFileSystem: fuse.NewDefaultRawFileSystem(),
		v:             v,
		logf:          logf,
		dirs:          make(map[uint64]*volume.Dir),
	}
}

// String is the file system's type: mounts show it as fuse.ext2.
func (s *Server) String() string { return "ext2" }

// status turns any error into an errno.
func (s *Server) status(err error) fuse.Status {
	if err == nil {
		return fuse.OK
	}
	var e syscall.Errno
	if errors.As(err, &e) {
		if e == syscall.EUCLEAN || e == syscall.EIO || e == syscall.EBADMSG {
			s.logf("%v", err)
		}
		return fuse.Status(e)
	}
	s.logf("answered as an I/O error: %v", err)
	return fuse.EIO
}

// inode turns a node id into an inode number; 0 is no inode.
func inode(node uint64) uint32 {
	switch {
	case node == fuse.FUSE_ROOT_ID:
		return volume.Root
	case node == volume.Root || node > 1<<32-1:
		return 0
	}
	return uint32(node)
}

func nodeID(ino uint32) uint64 {
	if ino == volume.Root {
		return fuse.FUSE_ROOT_ID
	}
	return uint64(ino)
}

func cred(h *fuse.InHeader, umask uint32) volume.Cred {
	return volume.Cred{UID: h.Uid, GID: h.Gid, Umask: umask}
}

func setAttr(out *fuse.Attr, a *volume.Attr) {
	out.Ino = uint64(a.Ino)
	out.Size = a.Size
	out.Blocks = a.Blocks
	out.Mode = a.Mode
	out.Nlink = a.Nlink
	out.Owner = fuse.Owner{Uid: a.UID, Gid: a.GID}
	out.Rdev = a.Rdev
	out.Blksize = a.BlockSize
	out.SetTimes(&a.Atime, &a.Mtime, &a.Ctime)
}

func setEntry(out *fuse.EntryOut, a *volume.Attr) {
	out.NodeId = nodeID(a.Ino)
	out.Generation = uint64(a.Generation)
	out.SetEntryTimeout(keep)
	out.SetAttrTimeout(keep)
	setAttr(&out.Attr, a)
}

// entry answers a request that gives a node.
func (s *Server) entry(out *fuse.EntryOut, a volume.Attr, err error) fuse.Status {
	if err != nil {
		return s.status(err)
	}
	setEntry(out, &a)
	return fuse.OK
}

// Drain begins the end of the service, on which the volume is to be closed: the kernel sends what was written to mapped
// files and takes their pages away. Requests must still be answered. Of a file's invalidation the kernel returns when
// its changed pages are written (mm/truncate.c:invalidate_inode_pages2_range); syncfs(2) does not wait for FUSE.
func (s *Server) Drain(srv *fuse.Server) {
	for _, ino := range s.v.Retire() {
		srv.InodeNotify(nodeID(ino), 0, 0) // fails for what is closed by now: its pages were written then
	}
}

// Init is called when the kernel and we agreed on the protocol.
func (s *Server) Init(*fuse.Server) {}

// OnUnmount is called when there are no more requests; closing the volume is left to who opened it.
func (s *Server) OnUnmount() {}
