// SPDX-License-Identifier: Apache-2.0

// Package client is the kernel's side of FUSE: it makes of a server, reached through a
// [Transport], an [engine.FileSystem]. It does what fs/fuse of the kernel does and in the same order: inodes by
// node id with exact FORGET counts, a cache of names and one of attributes with the
// timeouts that the server gives, its own invalidation after its own changes, and the server's by
// notifications. The contents of files are cached by the engine above it.
//
// Lock order: node.dirMu (of two directories: by node id, under FS.renameMu), node.lookMu,
// node.ioMu, then without waiting under any of them FS.imu, node.mu, dcache.mu.
package client

import (
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

// Options are those mount options of FUSE that concern the kernel's side (mount.fuse(8)).
type Options struct {
	AllowOther         bool // not only the one who mounted may use it
	DefaultPermissions bool // modes and owners decide, not the server
	MaxRead            int  // most bytes in one READ; 0 for as many as possible
	ReadOnly           bool // changes fail with EROFS
	NoAtime            bool // reading does not make the access time stale

	// Show is what /proc/mounts shows; nil: nothing. A server may decide that it has default permissions.
	Show func(defaultPermissions bool) string

	// Untrusted is a server that anybody may have started: syncfs(2) does not wait for it, and an unmount only for a
	// moment. It is not needed any more once it has what was written, and goes on without us.
	Untrusted bool
}

// FS is a mounted FUSE file system.
type FS struct {
	host engine.Host
	t    Transport
	opt  Options
	dev  uint64

	uid, gid uint32 // who mounted it

	agreed atomic.Pointer[terms] // with the server; never nil
	ready  chan struct{}         // closed when INIT is answered, or never will be

	epoch       time.Time
	version     atomic.Uint64   // of attributes (attr_version)
	missing     [64]atomic.Bool // requests that the server answered with ENOSYS
	invalidates atomic.Bool     // the server has told that contents changed
	background  sync.WaitGroup  // RELEASE requests under way

	renameMu sync.Mutex // s_vfs_rename_mutex
	root     *node

	imu   sync.Mutex
	table map[uint64]inode

	names   dcache
	forgets forgetter
	polled  polledFiles
	pages   pages
}

var (
	_ engine.FileSystem         = (*FS)(nil)
	_ engine.FileSystemShower   = (*FS)(nil)
	_ engine.FileSystemStatfser = (*FS)(nil)
	_ engine.FileSystemSyncer   = (*FS)(nil)
	_ engine.FileSystemAborter  = (*FS)(nil)
	_ engine.FileSystemDevicer  = (*FS)(nil)
)

// New negotiates with the server behind t and returns its file system, owned by c's
// caller. It returns when INIT is answered. On an error t is aborted.
//
// Errors: ECONNREFUSED for a server that speaks another version of the protocol; EIO; those of
// the transport.
func New(c engine.Call, h engine.Host, t Transport, opt Options) (*FS, error) {
	who := c.IDs()
	fs := &FS{
		host: h, t: t, opt: opt, uid: who.EUID, gid: who.EGID,
	}
	fs.init()
	c.Block()
	err := fs.negotiate()
	close(fs.ready)
	if err == nil {
		fs.dev = h.AnonDev()
		if err = fs.loadRoot(c); err != nil {
			h.FreeDev(fs.dev)
		}
	}
	if err != nil {
		t.Abort()
		return nil, err
	}
	return fs, nil
}

// init makes the parts of a file system that does not know its server yet.
func (fs *FS) init() {
	fs.pages = pages{fs.host}
	fs.epoch, fs.table, fs.ready = time.Now(), make(map[uint64]inode), make(chan struct{})
	fs.names.max = maxNames
	fs.forgets.fs = fs
	fs.version.Store(1)
	fs.agreed.Store(&terms{maxRead: proto.PageSize, maxWrite: proto.PageSize, nameMax: proto.NameLowMax})
}

// loadRoot makes the root inode. A server that cannot tell yet what it is has a
// directory there, as the kernel assumes.
func (fs *FS) loadRoot(c engine.Call) error {
	var out proto.AttrOut
	version := fs.version.Load()
	r := &Request{Op: proto.Getattr, Node: proto.RootID, In: &proto.GetattrIn{}, Out: &out}
	err := fs.do(c, r)
	if err == unix.ECONNABORTED || err == unix.ENOTCONN {
		return err
	}
	known := err == nil && out.Attr.Valid()
	if !known {
		out.Attr = proto.Attr{Ino: proto.RootID, Mode: unix.S_IFDIR, Nlink: 2}
	}
	fs.root = fs.insert(&proto.EntryOut{Node: proto.RootID, Attr: out.Attr})
	if known {
		fs.root.change(&out.Attr, fs.deadline(out.Valid, out.ValidNsec), version)
	} else {
		fs.root.attr = out.Attr
	}
	return nil
}

// Root implements [engine.FileSystem].
func (fs *FS) Root() engine.Node { return fs.root }

// Owns implements engine.FileSystemOwner.
func (fs *FS) Owns(n engine.Node) bool {
	own, ok := n.(*node)
	return ok && own.fs == fs
}

// do sends a request for c and waits.
func (fs *FS) do(c engine.Call, r *Request) error {
	if err := fs.await(c, r.Force); err != nil {
		return err
	}
	fs.from(c, r)
	return fs.t.Do(c, r)
}

// force is do for requests that a signal for the caller does not end.
func (fs *FS) force(c engine.Call, r *Request) error {
	r.Force = true
	return fs.do(c, r)
}

func (fs *FS) from(c engine.Call, r *Request) {
	who := c.IDs()
	r.UID, r.GID, r.PID = who.FSUID, who.FSGID, uint32(c.TID())
}

// optional is do for a request that a server need not know: after the first ENOSYS it
// is not sent again and fails with instead (which may be nil).
func (fs *FS) optional(c engine.Call, r *Request, instead error) error {
	if fs.lacks(r.Op) {
		return instead
	}
	err := fs.do(c, r)
	if err == unix.ENOSYS {
		fs.missing[r.Op].Store(true)
		return instead
	}
	return err
}

func (fs *FS) lacks(op proto.Op) bool { return fs.missing[op].Load() }

func (fs *FS) has(flag uint64) bool { return fs.agreed.Load().flags&flag != 0 }

// now is the time since the mount, the clock of all timeouts.
func (fs *FS) now() int64 { return int64(time.Since(fs.epoch)) }

// deadline is when something that is valid for so long no longer is: 0 for not at all.
func (fs *FS) deadline(sec uint64, nsec uint32) int64 {
	const most = 100 * 365 * 24 * 3600
	if sec == 0 && nsec == 0 {
		return 0
	}
	nsec = min(nsec, 1e9-1)
	return fs.now() + int64(min(sec, most))*1e9 + int64(nsec)
}
