// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"time"

	"golang.org/x/sys/unix"
)

// side is one end of a renaming: the directory and the entry in it, with its inode, if there is one.
type side struct {
	dir  *inode
	idx  *dirIndex
	name string
	ent  *dirEnt
	in   *inode
}

// Rename moves a name, replacing what has the new name if it may; flags are those of renameat2(2).
// Errors: ENOENT, EEXIST (RENAME_NOREPLACE), EISDIR, ENOTDIR, ENOTEMPTY, EINVAL for a directory moved into itself and
// for other flags, EMLINK, EPERM, ENOSPC.
func (v *Volume) Rename(oldDir uint32, oldName string, newDir uint32, newName string, flags uint32, c Cred) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if flags&^(unix.RENAME_NOREPLACE|unix.RENAME_EXCHANGE) != 0 || flags == unix.RENAME_NOREPLACE|unix.RENAME_EXCHANGE {
		return unix.EINVAL
	}
	var from, to side
	var err error
	from.name, to.name = oldName, newName
	if from.dir, from.idx, from.ent, from.in, err = v.removable(oldDir, oldName); err != nil {
		return err
	}
	if err = v.target(&to, newDir); err != nil {
		return err
	}
	switch {
	case flags&unix.RENAME_NOREPLACE != 0 && to.ent != nil:
		return unix.EEXIST
	case flags&unix.RENAME_EXCHANGE != 0 && to.ent == nil:
		return unix.ENOENT
	}
	if err := v.checkLoop(from, to, flags&unix.RENAME_EXCHANGE != 0); err != nil {
		return err
	}
	if to.in == from.in {
		return nil // two names of one file: nothing happens (rename(2))
	}
	if flags&unix.RENAME_EXCHANGE != 0 {
		return v.exchange(from, to)
	}
	return v.move(from, to, c)
}

// target finds what has the new name, if anything.
func (v *Volume) target(s *side, dir uint32) error {
	err := checkName(s.name)
	if err != nil {
		return err
	}
	if s.dir, s.idx, err = v.changeable(dir); err != nil {
		return err
	}
	if s.ent = s.idx.names[s.name]; s.ent == nil {
		return nil
	}
	if s.in, err = v.get(s.ent.ino); err != nil {
		return err
	}
	if s.in == s.dir || s.in.ino == rootIno || s.in.orphan {
		return unix.EUCLEAN
	}
	if s.dir.has(flAppend) || s.in.has(flImmutable|flAppend) {
		return unix.EPERM
	}
	return nil
}

// checkLoop refuses to move a directory into itself; the kernel does so too, but the image may lie to it.
func (v *Volume) checkLoop(from, to side, exchange bool) error {
	if from.name == "." || from.name == ".." {
		return unix.EBUSY
	}
	if from.in.isDir() {
		if under, err := v.isUnder(to.dir, from.in); err != nil || under {
			return orInvalid(err)
		}
	}
	if exchange && to.in.isDir() {
		if under, err := v.isUnder(from.dir, to.in); err != nil || under {
			return orInvalid(err)
		}
	}
	return nil
}

func orInvalid(err error) error {
	if err != nil {
		return err
	}
	return unix.EINVAL
}

// isUnder tells whether dir is top or lies below it.
func (v *Volume) isUnder(dir, top *inode) (bool, error) {
	for range 1 << 16 {
		if dir == top {
			return true, nil
		}
		if dir.ino == rootIno {
			return false, nil
		}
		d, err := v.loadDir(dir)
		if err != nil {
			return false, err
		}
		up := d.names[".."]
		if up == nil {
			return false, unix.EUCLEAN
		}
		if dir, err = v.get(up.ino); err != nil {
			return false, err
		}
		if !dir.isDir() {
			return false, unix.EUCLEAN
		}
	}
	return false, unix.ELOOP
}

// move is the ordinary renaming.
func (v *Volume) move(from, to side, c Cred) error {
	dir := from.in.isDir()
	if to.in != nil {
		if err := v.replaceable(to.in, dir); err != nil {
			return err
		}
	} else if dir && from.dir != to.dir && !v.moreSubdirs(to.dir) {
		return unix.EMLINK
	}
	var err error
	if to.ent != nil {
		err = v.replace(to.dir, to.idx, to.ent, from.in.ino, v.ftype(from.in.mode()))
	} else {
		err = v.addEntry(to.dir, to.idx, to.name, from.in.ino, from.in.mode(), c)
	}
	if err != nil {
		return err
	}
	// The insertion may have moved the old entry to another block; its dirEnt knows.
	if from.ent = from.idx.names[from.name]; from.ent == nil {
		return unix.EUCLEAN
	}
	if err := v.remove(from.dir, from.idx, from.ent); err != nil {
		return err
	}
	if dir {
		if err := v.reparent(from, to); err != nil {
			return err
		}
		if from.dir != to.dir && to.in == nil {
			v.addLink(to.dir)
		}
		if from.dir != to.dir || to.in != nil {
			v.dropLink(from.dir)
		}
	}
	if err := v.touchAll(from.in, from.dir, to.dir); err != nil {
		return err
	}
	switch {
	case to.in == nil:
		return nil
	case dir:
		return v.discardDir(to.in)
	}
	return v.dropName(to.in)
}

// replaceable checks that in may give its name to a directory or to something else.
func (v *Volume) replaceable(in *inode, dir bool) error {
	switch {
	case dir:
		return v.emptyDir(in)
	case in.isDir():
		return unix.EISDIR
	}
	return nil
}

// reparent makes ".." of a directory that moved name its new parent.
func (v *Volume) reparent(from, to side) error {
	if from.dir == to.dir {
		return nil
	}
	return v.setParent(from.in, to.dir)
}

func (v *Volume) setParent(in, parent *inode) error {
	d, err := v.loadDir(in)
	if err != nil {
		return err
	}
	up := d.names[".."]
	if up == nil || d.bad != nil {
		return unix.EUCLEAN
	}
	return v.replace(in, d, up, parent.ino, up.ftype)
}

// exchange swaps what two names stand for.
func (v *Volume) exchange(a, b side) error {
	if err := v.replace(a.dir, a.idx, a.ent, b.in.ino, v.ftype(b.in.mode())); err != nil {
		return err
	}
	if err := v.replace(b.dir, b.idx, b.ent, a.in.ino, v.ftype(a.in.mode())); err != nil {
		return err
	}
	if a.dir != b.dir {
		if err := v.exchangeParents(a, b); err != nil {
			return err
		}
	}
	return v.touchAll(a.in, a.dir, b.dir, b.in)
}

func (v *Volume) exchangeParents(a, b side) error {
	if a.in.isDir() {
		if err := v.setParent(a.in, b.dir); err != nil {
			return err
		}
	}
	if b.in.isDir() {
		if err := v.setParent(b.in, a.dir); err != nil {
			return err
		}
	}
	switch {
	case a.in.isDir() && !b.in.isDir():
		v.dropLink(a.dir)
		v.addLink(b.dir)
	case b.in.isDir() && !a.in.isDir():
		v.dropLink(b.dir)
		v.addLink(a.dir)
	}
	return nil
}

// touchAll writes inodes whose ctime, and for the directories in the middle mtime, is now.
func (v *Volume) touchAll(in, from, to *inode, more ...*inode) error {
	v.touch(from)
	v.touch(to)
	now := time.Now()
	for _, x := range append(more, in) {
		x.setCtime(now)
	}
	for _, x := range append(more, in, from, to) {
		if err := v.put(x); err != nil {
			return err
		}
	}
	return nil
}
