// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/fdesc"
	"vuos.dev/engine/internal/watch"
)

// setattr changes attributes of what a walk found.
func (c *call) setattr(t target, a *engine.SetAttr) reply {
	if t.Mount != nil && t.Mount.ReadOnly() {
		return fail(unix.EROFS)
	}
	if a.Valid&engine.AttrMode != 0 && t.Node.Type() == unix.S_IFLNK {
		return fail(unix.EOPNOTSUPP)
	}
	n, ok := t.Node.(engine.NodeSetattrer)
	if !ok {
		return fail(unix.EROFS)
	}
	if t.file != nil {
		a.File = t.file.File
	}
	err := n.Setattr(c, a)
	if err == nil {
		c.happened(t, attrEvent(a.Valid))
	}
	return c.result(err)
}

// attrEvent is what a change of attributes is to who watches (include/linux/fsnotify.h:fsnotify_change()).
func attrEvent(valid uint32) watch.Event {
	const atime, mtime = engine.AttrAtime | engine.AttrAtimeNow, engine.AttrMtime | engine.AttrMtimeNow
	switch {
	case valid&^(atime|mtime|engine.AttrSize) != 0, valid&atime != 0 && valid&mtime != 0:
		return watch.Attrib
	case valid&atime != 0:
		return watch.Access
	}
	return watch.Modify
}

// setattrPath resolves and changes; setattrFD does it for a descriptor.
func (c *call) setattrPath(dirfd int, path uint64, w want, a *engine.SetAttr) reply {
	t, r, done := c.find(dirfd, path, w)
	if done {
		return r
	}
	return c.setattr(t, a)
}

func (c *call) setattrFD(a *engine.SetAttr) reply {
	t, r, done := c.ofFD(c.fd(0))
	if done {
		return r
	}
	return c.setattr(t, a)
}

func sysChmod(c *call) reply {
	return c.setattrPath(c.dirFD(), c.pathArg(), follow, &engine.SetAttr{Valid: engine.AttrMode, Mode: c.modeArg(0)})
}

func sysFchmodat2(c *call) reply {
	t, r, done := c.flagged(c.intArg(1), unix.AT_SYMLINK_NOFOLLOW|unix.AT_EMPTY_PATH)
	if done {
		return r
	}
	return c.setattr(t, &engine.SetAttr{Valid: engine.AttrMode, Mode: c.modeArg(0)})
}

func sysFchmod(c *call) reply {
	return c.setattrFD(&engine.SetAttr{Valid: engine.AttrMode, Mode: uint32(c.n.Args[1]) & 0o7777})
}

// owner makes the change of chown: -1 leaves an id as it is.
func owner(uid, gid uint64) *engine.SetAttr {
	a := &engine.SetAttr{UID: uint32(uid), GID: uint32(gid)}
	if a.UID != ^uint32(0) {
		a.Valid |= engine.AttrUID
	}
	if a.GID != ^uint32(0) {
		a.Valid |= engine.AttrGID
	}
	return a
}

func sysChown(c *call) reply {
	return c.setattrPath(unix.AT_FDCWD, c.pathArg(), follow, owner(c.arg(0), c.arg(1)))
}

func sysLchown(c *call) reply {
	return c.setattrPath(unix.AT_FDCWD, c.pathArg(), 0, owner(c.arg(0), c.arg(1)))
}

func sysFchownat(c *call) reply {
	t, r, done := c.flagged(c.intArg(2), unix.AT_SYMLINK_NOFOLLOW|unix.AT_EMPTY_PATH)
	if done {
		return r
	}
	return c.setattr(t, owner(c.arg(0), c.arg(1)))
}

func sysFchown(c *call) reply { return c.setattrFD(owner(c.n.Args[1], c.n.Args[2])) }

// times makes the change of the utime family. ts has access and modification time; nil
// means now.
func times(ts *[2]unix.Timespec) *engine.SetAttr {
	a := &engine.SetAttr{}
	if ts == nil {
		a.Valid = engine.AttrAtimeNow | engine.AttrMtimeNow
		return a
	}
	set := func(t unix.Timespec, value, now uint32, to *unix.Timespec) {
		switch t.Nsec {
		case unix.UTIME_OMIT:
		case unix.UTIME_NOW:
			a.Valid |= now
		default:
			a.Valid |= value
			*to = t
		}
	}
	set(ts[0], engine.AttrAtime, engine.AttrAtimeNow, &a.Atime)
	set(ts[1], engine.AttrMtime, engine.AttrMtimeNow, &a.Mtime)
	return a
}

// readTimes reads n pairs of 64-bit words at addr; scale turns the second one into nanoseconds.
func (c *call) readTimes(addr uint64, scale int64) (*[2]unix.Timespec, error) {
	if addr == 0 {
		return nil, nil
	}
	var b [32]byte
	if _, err := c.mem().ReadAt(b[:], addr); err != nil {
		return nil, err
	}
	var ts [2]unix.Timespec
	for i := range ts {
		ts[i].Sec = int64(binary.NativeEndian.Uint64(b[16*i:]))
		n := int64(binary.NativeEndian.Uint64(b[16*i+8:]))
		special := scale == 1 && (n == unix.UTIME_NOW || n == unix.UTIME_OMIT)
		if !special && (n < 0 || n >= 1e9/scale) {
			return nil, unix.EINVAL
		}
		ts[i].Nsec = n * scale
	}
	return &ts, nil
}

func sysUtime(c *call) reply {
	t, r, done := c.find(unix.AT_FDCWD, c.pathArg(), follow)
	if done {
		return r
	}
	var ts *[2]unix.Timespec
	if addr := c.arg(0); addr != 0 {
		var b [16]byte
		if _, err := c.mem().ReadAt(b[:], addr); err != nil {
			return c.result(err)
		}
		ts = &[2]unix.Timespec{
			{Sec: int64(binary.NativeEndian.Uint64(b[:]))},
			{Sec: int64(binary.NativeEndian.Uint64(b[8:]))},
		}
	}
	return c.setTimes(t, ts)
}

func sysUtimes(c *call) reply {
	t, r, done := c.find(c.dirFD(), c.pathArg(), follow)
	if done {
		return r
	}
	ts, err := c.readTimes(c.arg(0), 1000)
	if err != nil {
		return c.result(err)
	}
	return c.setTimes(t, ts)
}

func sysUtimensat(c *call) reply {
	var t target
	var r reply
	var done bool
	if c.pathArg() == 0 {
		t, r, done = c.ofFD(c.dirFD())
	} else {
		t, r, done = c.flagged(c.intArg(1), unix.AT_SYMLINK_NOFOLLOW|unix.AT_EMPTY_PATH)
	}
	if done {
		return r
	}
	ts, err := c.readTimes(c.arg(0), 1)
	if err != nil {
		return c.result(err)
	}
	return c.setTimes(t, ts)
}

func (c *call) setTimes(t target, ts *[2]unix.Timespec) reply {
	a := times(ts)
	if a.Valid == 0 {
		return ok(0)
	}
	return c.setattr(t, a)
}

func sysTruncate(c *call) reply {
	t, r, done := c.find(unix.AT_FDCWD, c.pathArg(), follow)
	if done {
		return r
	}
	size := int64(c.arg(0))
	switch typ := t.Node.Type(); {
	case size < 0:
		return fail(unix.EINVAL)
	case typ == unix.S_IFDIR:
		return fail(unix.EISDIR)
	case typ != unix.S_IFREG:
		return fail(unix.EINVAL)
	}
	if err := permitted(c, t, unix.W_OK); err != nil {
		return c.result(err)
	}
	if err := c.running(t); err != nil {
		return c.result(err)
	}
	if err := c.mayGrow(t, size); err != nil {
		return c.result(err)
	}
	r = c.setattr(t, &engine.SetAttr{Valid: engine.AttrSize, Size: size})
	if r.errno == 0 {
		if p := c.s.files.Pages(t.Node); p != nil {
			p.Resize(size)
		}
	}
	return r
}

func sysFtruncate(c *call) reply {
	return c.onFile(func(f *fdesc.Open) error {
		size := int64(c.n.Args[1])
		if size < 0 || f.Flags&unix.O_ACCMODE == unix.O_RDONLY || f.Node.Type() != unix.S_IFREG {
			return unix.EINVAL
		}
		if err := c.mayGrow(target{Pos: posOf(f)}, size); err != nil {
			return err
		}
		err := f.Truncate(c, size)
		if err == nil {
			c.happened(target{file: f}, watch.Modify)
		}
		return err
	})
}

// onFile is a call on descriptor args[0] that returns 0.
func (c *call) onFile(do func(f *fdesc.Open) error) reply {
	f := c.file(c.fd(0))
	if f == nil {
		return native
	}
	if f.Flags&unix.O_PATH != 0 {
		return fail(unix.EBADF)
	}
	return c.result(do(f))
}

func sysFallocate(c *call) reply {
	return c.onFile(func(f *fdesc.Open) error {
		mode, off, length := uint32(c.n.Args[1]), int64(c.n.Args[2]), int64(c.n.Args[3])
		switch {
		case off < 0 || length <= 0:
			return unix.EINVAL
		case mode&(unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE) == unix.FALLOC_FL_PUNCH_HOLE:
			return unix.EOPNOTSUPP
		case f.Flags&unix.O_ACCMODE == unix.O_RDONLY:
			return unix.EBADF
		case f.Node.Type() == unix.S_IFDIR:
			return unix.EISDIR
		case off+length < 0:
			return unix.EFBIG
		}
		if mode&unix.FALLOC_FL_KEEP_SIZE == 0 {
			if err := c.mayGrow(target{Pos: posOf(f)}, off+length); err != nil {
				return err
			}
		}
		err := f.Allocate(c, mode, off, length)
		if err == nil {
			c.happened(target{file: f}, watch.Modify)
		}
		return err
	})
}
