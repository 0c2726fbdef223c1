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
func (n Node) make(c engine.Call, name string, typ uint32, f func(dirfd int, path string) error) (engine.Node, error) {
	p := join(n.Path, name)
	if err := do(c, p, f); err != nil {
		return nil, err
	}
	return Node{Path: p, typ: typ}, nil
}

// Mkdir implements engine.NodeMkdirer.
func (n Node) Mkdir(c engine.Call, name string, mode uint32) (engine.Node, error) {
	return n.make(c, name, unix.S_IFDIR, func(dirfd int, path string) error {
		return unix.Mkdirat(dirfd, path, mode)
	})
}

// Mknod implements engine.NodeMknoder.
func (n Node) Mknod(c engine.Call, name string, mode uint32, rdev uint64) (engine.Node, error) {
	return n.make(c, name, mode&unix.S_IFMT, func(dirfd int, path string) error {
		return unix.Mknodat(dirfd, path, mode, int(rdev))
	})
}

// Symlink implements engine.NodeSymlinker.
func (n Node) Symlink(c engine.Call, name, target string) (engine.Node, error) {
	return n.make(c, name, unix.S_IFLNK, func(dirfd int, path string) error {
		return unix.Symlinkat(target, dirfd, path)
	})
}

// Link implements engine.NodeLinker.
func (n Node) Link(c engine.Call, old engine.Node, name string) error {
	o, ok := old.(Node)
	if !ok {
		return unix.EXDEV
	}
	return do(c, o.Path, func(odirfd int, opath string) error {
		return do(c, join(n.Path, name), func(dirfd int, path string) error {
			return unix.Linkat(odirfd, opath, dirfd, path, 0)
		})
	})
}

// Unlink implements engine.NodeUnlinker.
func (n Node) Unlink(c engine.Call, name string) error {
	return do(c, join(n.Path, name), func(dirfd int, path string) error {
		return unix.Unlinkat(dirfd, path, 0)
	})
}

// Rmdir implements engine.NodeRmdirer.
func (n Node) Rmdir(c engine.Call, name string) error {
	return do(c, join(n.Path, name), func(dirfd int, path string) error {
		return unix.Unlinkat(dirfd, path, unix.AT_REMOVEDIR)
	})
}

// Rename implements engine.NodeRenamer.
func (n Node) Rename(c engine.Call, name string, dir engine.Node, newName string, flags uint) error {
	d, ok := dir.(Node)
	if !ok {
		return unix.EXDEV
	}
	return do(c, join(n.Path, name), func(odirfd int, opath string) error {
		return do(c, join(d.Path, newName), func(dirfd int, path string) error {
			return unix.Renameat2(odirfd, opath, dirfd, path, flags)
		})
	})
}

// Access implements engine.NodeAccesser.
func (n Node) Access(c engine.Call, mask uint32) error {
	return do(c, n.Path, func(dirfd int, path string) error {
		// AT_EACCESS: the effective ids are those that Do took on.
		return unix.Faccessat2(dirfd, path, mask, unix.AT_EACCESS|unix.AT_SYMLINK_NOFOLLOW)
	})
}

// Setattr implements engine.NodeSetattrer.
func (n Node) Setattr(c engine.Call, a *engine.SetAttr) error {
	return do(c, n.Path, func(dirfd int, path string) error {
		if a.Valid&(engine.AttrUID|engine.AttrGID) != 0 {
			uid, gid := -1, -1
			if a.Valid&engine.AttrUID != 0 {
				uid = int(a.UID)
			}
			if a.Valid&engine.AttrGID != 0 {
				gid = int(a.GID)
			}
			if err := unix.Fchownat(dirfd, path, uid, gid, unix.AT_SYMLINK_NOFOLLOW); err != nil {
				return err
			}
		}
		if a.Valid&engine.AttrMode != 0 {
			if err := fchmodat(dirfd, path, a.Mode, n.typ); err != nil {
				return err
			}
		}
		if a.Valid&engine.AttrSize != 0 {
			// By path: an open would be an event of its own for who watches.
			if err := n.pinned(c, func(path string) error { return unix.Truncate(path, a.Size) }); err != nil {
				return err
			}
		}
		return setTimes(dirfd, path, a)
	})
}

func fchmodat(dirfd int, path string, mode, typ uint32) error {
	if typ == unix.S_IFLNK {
		return unix.EOPNOTSUPP
	}
	return unix.Fchmodat(dirfd, path, mode, 0)
}

func setTimes(dirfd int, path string, a *engine.SetAttr) error {
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
	return unix.UtimesNanoAt(dirfd, path, ts, unix.AT_SYMLINK_NOFOLLOW)
}
