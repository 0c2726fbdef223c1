// SPDX-License-Identifier: Apache-2.0

package vudev

import (
	"sync"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// node is a device file: the whole device or a part of it. It is the root of a file system of its own.
type node struct {
	disk   *disk
	number int   // 0 is the whole device
	start  int64 // bytes
	length int64 // bytes; of the whole device: not used

	hide func() // takes it out of /sys; nil if it is not there. Guarded by disk.scan

	mu           sync.Mutex
	attr         attributes
	atime, mtime unix.Timespec

	// Guarded by disk.mu.
	opens     int  // open files
	exclusive int  // of them with O_EXCL
	readOnly  bool // by BLKROSET or the partition table
	detach    func() error
}

var (
	_ engine.NodeOpener    = (*node)(nil)
	_ engine.NodeSetattrer = (*node)(nil)
	_ engine.NodeCacher    = (*node)(nil)
)

// Type implements [engine.Node].
func (n *node) Type() uint32 { return n.attr.typ }

// drives is [engine.FileSystemDriver]: type and number never change.
func (n *node) drives() (typ uint32, rdev uint64, ok bool) {
	return n.attr.typ, unix.Mkdev(n.attr.major, n.attr.minor), n.attr.byNumber
}

// Cache implements [engine.NodeCacher].
func (n *node) Cache() engine.CachePolicy { return engine.CacheNone }

// Stat implements [engine.Node].
func (n *node) Stat(_ engine.Call, st *unix.Statx_t) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	*st = unix.Statx_t{
		Mask: unix.STATX_BASIC_STATS, Blksize: 4096,
		Mode: uint16(n.attr.typ | n.attr.perm), Uid: n.attr.uid, Gid: n.attr.gid,
		Ino:        uint64(n.number) + 1,
		Rdev_major: n.attr.major, Rdev_minor: n.attr.minor,
		Dev_major: unix.Major(n.disk.dev), Dev_minor: unix.Minor(n.disk.dev),
		Atime: stamp(n.atime), Mtime: stamp(n.mtime), Ctime: stamp(n.mtime),
	}
	return nil
}

func stamp(t unix.Timespec) unix.StatxTimestamp {
	return unix.StatxTimestamp{Sec: t.Sec, Nsec: uint32(t.Nsec)}
}

// Setattr implements [engine.NodeSetattrer]: as of a device file on a tmpfs, until it is unmounted.
func (n *node) Setattr(c engine.Call, a *engine.SetAttr) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.mayChange(c, a); err != nil {
		return err
	}
	if a.Valid&engine.AttrMode != 0 {
		n.attr.perm = a.Mode & 0o7777
	}
	if a.Valid&engine.AttrUID != 0 {
		n.attr.uid = a.UID
	}
	if a.Valid&engine.AttrGID != 0 {
		n.attr.gid = a.GID
	}
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_REALTIME, &now); err != nil {
		return err
	}
	switch {
	case a.Valid&engine.AttrAtimeNow != 0:
		n.atime = now
	case a.Valid&engine.AttrAtime != 0:
		n.atime = a.Atime
	}
	switch {
	case a.Valid&engine.AttrMtimeNow != 0:
		n.mtime = now
	case a.Valid&engine.AttrMtime != 0:
		n.mtime = a.Mtime
	}
	return nil
}

// mayChange is fs/attr.c:setattr_prepare() for what this file system has. n.mu is held.
func (n *node) mayChange(c engine.Call, a *engine.SetAttr) error {
	cr := c.Cred()
	owner := cr.FSUID == n.attr.uid
	switch {
	case a.Valid&engine.AttrUID != 0 && a.UID != n.attr.uid && !cr.HasCap(unix.CAP_CHOWN),
		a.Valid&engine.AttrGID != 0 && a.GID != n.attr.gid && !cr.HasCap(unix.CAP_CHOWN) && (!owner || !cr.InGroup(a.GID)),
		a.Valid&engine.AttrMode != 0 && !owner && !cr.HasCap(unix.CAP_FOWNER):
		return unix.EPERM
	}
	const times = engine.AttrAtime | engine.AttrMtime
	if a.Valid&times == 0 || owner || cr.HasCap(unix.CAP_FOWNER) {
		return nil
	}
	const now = engine.AttrAtimeNow | engine.AttrMtimeNow
	if a.Valid&now != now {
		return unix.EPERM
	}
	st := unix.Statx_t{Mode: uint16(n.attr.typ | n.attr.perm), Uid: n.attr.uid, Gid: n.attr.gid}
	return engine.Access(c, &st, unix.W_OK)
}

// Open implements [engine.NodeOpener]. Errors: EACCES, EROFS for writing to what is read-only (block/bdev.c
// has EACCES there, mount(8) knows both), EBUSY with O_EXCL, ENXIO for a partition that is gone.
func (n *node) Open(c engine.Call, flags int) (engine.File, error) {
	var st unix.Statx_t
	_ = n.Stat(c, &st)
	mask := [...]uint32{unix.R_OK, unix.W_OK, unix.R_OK | unix.W_OK, unix.R_OK | unix.W_OK}[flags&unix.O_ACCMODE]
	if err := engine.Access(c, &st, mask); err != nil {
		return nil, err
	}
	if err := n.disk.claim(c, n, flags); err != nil {
		return nil, err
	}
	f := newFile(n, flags)
	if n.attr.typ == unix.S_IFBLK {
		return &blockFile{file: f}, nil
	}
	return f, nil
}
