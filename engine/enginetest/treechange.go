// SPDX-License-Identifier: Apache-2.0

package enginetest

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Mkdir is mkdir(2).
func (t *Tree) Mkdir(name string, mode uint32) error {
	return t.within(name, func(dir engine.Node, base string) error {
		if m, ok := dir.(engine.NodeMkdirer); ok {
			_, err := m.Mkdir(t.Call, base, mode&^t.Call.Umask())
			return err
		}
		return unix.EROFS
	})
}

// Mknod is mknod(2).
func (t *Tree) Mknod(name string, mode uint32, rdev uint64) error {
	return t.within(name, func(dir engine.Node, base string) error {
		if m, ok := dir.(engine.NodeMknoder); ok {
			_, err := m.Mknod(t.Call, base, mode&^t.Call.Umask(), rdev)
			return err
		}
		return unix.EROFS
	})
}

// Symlink is symlink(2).
func (t *Tree) Symlink(target, name string) error {
	return t.within(name, func(dir engine.Node, base string) error {
		if m, ok := dir.(engine.NodeSymlinker); ok {
			_, err := m.Symlink(t.Call, base, target)
			return err
		}
		return unix.EROFS
	})
}

// Link is link(2).
func (t *Tree) Link(old, name string) error {
	n, err := t.Lookup(old, false)
	if err != nil {
		return err
	}
	return t.within(name, func(dir engine.Node, base string) error {
		if m, ok := dir.(engine.NodeLinker); ok {
			return m.Link(t.Call, n, base)
		}
		return unix.EPERM
	})
}

// Unlink is unlink(2).
func (t *Tree) Unlink(name string) error {
	return t.within(name, func(dir engine.Node, base string) error {
		if m, ok := dir.(engine.NodeUnlinker); ok {
			return m.Unlink(t.Call, base)
		}
		return unix.EROFS
	})
}

// Rmdir is rmdir(2).
func (t *Tree) Rmdir(name string) error {
	return t.within(name, func(dir engine.Node, base string) error {
		if m, ok := dir.(engine.NodeRmdirer); ok {
			return m.Rmdir(t.Call, base)
		}
		return unix.EROFS
	})
}

// Rename is renameat2(2).
func (t *Tree) Rename(old, name string, flags uint) error {
	from, oldBase, err := t.parent(old)
	if err != nil {
		return err
	}
	return t.within(name, func(dir engine.Node, base string) error {
		if m, ok := from.(engine.NodeRenamer); ok {
			return m.Rename(t.Call, oldBase, dir, base, flags)
		}
		return unix.EROFS
	})
}

// Setattr changes attributes of what a path names.
func (t *Tree) Setattr(name string, a *engine.SetAttr) error {
	n, err := t.Lookup(name, true)
	if err != nil {
		return err
	}
	if s, ok := n.(engine.NodeSetattrer); ok {
		return s.Setattr(t.Call, a)
	}
	return unix.EROFS
}

// Chmod is chmod(2).
func (t *Tree) Chmod(name string, mode uint32) error {
	return t.Setattr(name, &engine.SetAttr{Valid: engine.AttrMode, Mode: mode})
}

// Truncate is truncate(2).
func (t *Tree) Truncate(name string, size int64) error {
	return t.Setattr(name, &engine.SetAttr{Valid: engine.AttrSize, Size: size})
}

// Access is access(2).
func (t *Tree) Access(name string, mask uint32) error {
	n, err := t.Lookup(name, true)
	if err != nil {
		return err
	}
	if a, ok := n.(engine.NodeAccesser); ok {
		return a.Access(t.Call, mask)
	}
	var st unix.Statx_t
	if err := n.Stat(t.Call, &st); err != nil {
		return err
	}
	return engine.Access(t.Call, &st, mask)
}

func (t *Tree) within(name string, f func(dir engine.Node, base string) error) error {
	dir, base, err := t.parent(name)
	if err != nil {
		return err
	}
	if dir.Type() != unix.S_IFDIR {
		return unix.ENOTDIR
	}
	return f(dir, base)
}
