// SPDX-License-Identifier: Apache-2.0

package host

import (
	"golang.org/x/sys/unix"
	"vuos.dev/engine"
)

var (
	_ engine.NodeMkdirer   = Node{}
	_ engine.NodeMknoder   = Node{}
	_ engine.NodeSymlinker = Node{}
	_ engine.NodeLinker    = Node{}
	_ engine.NodeUnlinker  = Node{}
	_ engine.NodeRmdirer   = Node{}
	_ engine.NodeRenamer   = Node{}
	_ engine.NodeSetattrer = Node{}
	_ engine.NodeAccesser  = Node{}
)

// make does f for an entry of the directory and returns the inode it made.
func (n Node) make(c engine.Call, name string, typ uint32, f func(place) error) (engine.Node, error) {
	made := n.child(name, typ)
	if err := made.do(c, f); err != nil {
		return nil, err
	}
	return made, nil
}

// Mkdir implements engine.NodeMkdirer.
func (n Node) Mkdir(c engine.Call, name string, mode uint32) (engine.Node, error) {
	return n.make(c, name, unix.S_IFDIR, func(p place) error { return unix.Mkdirat(p.dirfd, p.path, mode) })
}

// Mknod implements engine.NodeMknoder.
func (n Node) Mknod(c engine.Call, name string, mode uint32, rdev uint64) (engine.Node, error) {
	return n.make(c, name, mode&unix.S_IFMT, func(p place) error {
		return unix.Mknodat(p.dirfd, p.path, mode, int(rdev))
	})
}

// Symlink implements engine.NodeSymlinker.
func (n Node) Symlink(c engine.Call, name, target string) (engine.Node, error) {
	return n.make(c, name, unix.S_IFLNK, func(p place) error { return unix.Symlinkat(target, p.dirfd, p.path) })
}

// Link implements engine.NodeLinker.
func (n Node) Link(c engine.Call, old engine.Node, name string) error {
	o, ok := old.(Node)
	if !ok {
		return unix.EXDEV
	}
	return o.do(c, func(from place) error {
		return n.child(name, 0).do(c, func(to place) error {
			flags := 0
			if from.flags == unix.AT_EMPTY_PATH {
				flags = unix.AT_SYMLINK_FOLLOW
			}
			from = o.follow(from)
			return unix.Linkat(from.dirfd, from.path, to.dirfd, to.path, flags)
		})
	})
}

// Unlink implements engine.NodeUnlinker.
func (n Node) Unlink(c engine.Call, name string) error {
	return n.child(name, 0).do(c, func(p place) error { return unix.Unlinkat(p.dirfd, p.path, 0) })
}

// Rmdir implements engine.NodeRmdirer.
func (n Node) Rmdir(c engine.Call, name string) error {
	return n.child(name, 0).do(c, func(p place) error { return unix.Unlinkat(p.dirfd, p.path, unix.AT_REMOVEDIR) })
}

// Rename implements engine.NodeRenamer.
func (n Node) Rename(c engine.Call, name string, dir engine.Node, newName string, flags uint) error {
	d, ok := dir.(Node)
	if !ok {
		return unix.EXDEV
	}
	return n.child(name, 0).do(c, func(from place) error {
		return d.child(newName, 0).do(c, func(to place) error {
			return unix.Renameat2(from.dirfd, from.path, to.dirfd, to.path, flags)
		})
	})
}

// Access implements engine.NodeAccesser.
func (n Node) Access(c engine.Call, mask uint32) error {
	return n.do(c, func(p place) error {
		// AT_EACCESS: the effective ids are those that Do took on.
		return unix.Faccessat2(p.dirfd, p.path, mask, unix.AT_EACCESS|p.flags)
	})
}

// Setattr implements engine.NodeSetattrer.
func (n Node) Setattr(c engine.Call, a *engine.SetAttr) error {
	return n.do(c, func(p place) error {
		if err := setOwner(p, a); err != nil {
			return err
		}
		if a.Valid&engine.AttrMode != 0 {
			if n.typ == unix.S_IFLNK {
				return unix.EOPNOTSUPP
			}
			at := n.follow(p)
			if err := unix.Fchmodat(at.dirfd, at.path, a.Mode, 0); err != nil {
				return err
			}
		}
		if a.Valid&engine.AttrSize != 0 {
			// By path: an open would be an event of its own for who watches.
			if err := n.pinned(c, func(path string) error { return unix.Truncate(path, a.Size) }); err != nil {
				return err
			}
		}
		return setTimes(p, a)
	})
}

func setOwner(p place, a *engine.SetAttr) error {
	if a.Valid&(engine.AttrUID|engine.AttrGID) == 0 {
		return nil
	}
	uid, gid := -1, -1
	if a.Valid&engine.AttrUID != 0 {
		uid = int(a.UID)
	}
	if a.Valid&engine.AttrGID != 0 {
		gid = int(a.GID)
	}
	return unix.Fchownat(p.dirfd, p.path, uid, gid, p.flags)
}

func setTimes(p place, a *engine.SetAttr) error {
	const any = engine.AttrAtime | engine.AttrMtime | engine.AttrAtimeNow | engine.AttrMtimeNow
	if a.Valid&any == 0 {
		return nil
	}
	ts := []unix.Timespec{{Nsec: unix.UTIME_OMIT}, {Nsec: unix.UTIME_OMIT}}
	set := func(i int, value, now uint32, t unix.Timespec) {
		switch {
		case a.Valid&now != 0:
			ts[i] = unix.Timespec{Nsec: unix.UTIME_NOW}
		case a.Valid&value != 0:
			ts[i] = t
		}
	}
	set(0, engine.AttrAtime, engine.AttrAtimeNow, a.Atime)
	set(1, engine.AttrMtime, engine.AttrMtimeNow, a.Mtime)
	return unix.UtimesNanoAt(p.dirfd, p.path, ts, p.flags)
}
