// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"errors"
	"math/rand/v2"
	"time"

	"golang.org/x/sys/unix"
)

// maxLinks is EXT4_LINK_MAX.
const maxLinks = 65000

// parent gives a directory in which name can be created.
func (v *Volume) parent(dir uint32, name string) (*inode, *dirIndex, error) {
	if err := checkName(name); err != nil {
		return nil, nil, err
	}
	in, d, err := v.changeable(dir)
	if err != nil {
		return nil, nil, err
	}
	if d.names[name] != nil {
		return nil, nil, unix.EEXIST
	}
	return in, d, nil
}

// newInode makes an inode with one link, not entered anywhere yet. Of the mode, the umask is still to be taken
// unless dir has a default ACL. Errors: ENOSPC.
func (v *Volume) newInode(dir *inode, mode uint32, c Cred) (*inode, error) {
	ino, err := v.fs.NewInode(dir.ino, mode)
	if errors.Is(err, unix.ENOSPC) && v.reapInodes() {
		ino, err = v.fs.NewInode(dir.ino, mode)
	}
	if err != nil {
		return nil, err
	}
	if v.inodes[ino] != nil || ino < v.sb.firstIno() {
		return nil, unix.EUCLEAN // the bitmap calls something free that has a name
	}
	in := &inode{ino: ino, raw: make([]byte, v.sb.inodeSize())}
	if n := len(in.raw); n > goodOldInodeLen {
		in.setU16(inExtra, min(uint16(n-goodOldInodeLen), max(v.sb.u16(sbWantExtraSize), 32)&^3))
	}
	uid, gid := c.UID, c.GID
	if dir.mode()&unix.S_ISGID != 0 {
		gid = dir.gid()
		if mode&unix.S_IFMT == unix.S_IFDIR {
			mode |= unix.S_ISGID
		}
	}
	in.setU16(inMode, uint16(mode))
	in.setOwner(uid, gid)
	in.setLinks(1)
	in.setU32(inGen, rand.Uint32())
	in.setFlags(inheritFlags(dir.flags(), mode))
	now := time.Now()
	in.setAtime(now)
	in.setMtime(now)
	in.setCtime(now)
	in.setBtime(now)
	if v.sb.incompat(incompatExtents) && (in.isReg() || in.isDir()) {
		in.initExtents()
	}
	v.fs.InodeStats(ino, true, in.isDir())
	v.evict()
	v.clock++
	in.used = v.clock
	v.inodes[ino] = in
	if err := v.put(in); err != nil {
		return nil, errors.Join(err, v.freeInode(in))
	}
	if err := v.inheritACL(dir, in, c); err != nil {
		return nil, errors.Join(err, v.freeInode(in))
	}
	return in, nil
}

// inheritFlags is fs/ext4/ext4.h:ext4_mask_flags of EXT4_FL_INHERITED.
func inheritFlags(flags, mode uint32) uint32 {
	const inherited = 0x1 | 0x2 | 0x4 | flSync | flNodump | flNoatime | 0x400 | 0x4000 | 0x8000 | flDirsync | 0x2000000
	flags &= inherited
	switch mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return flags
	case unix.S_IFREG:
		return flags &^ (flDirsync | flTopdir)
	}
	return flags & (flNodump | flNoatime)
}

// enter gives a new inode its name; if that fails it is freed.
func (v *Volume) enter(dir *inode, d *dirIndex, name string, in *inode, c Cred) error {
	err := v.addEntry(dir, d, name, in.ino, in.mode(), c)
	if err != nil {
		return errors.Join(err, v.undo(in))
	}
	v.touch(dir)
	return v.put(dir)
}

// undo frees a new inode that could not be used.
func (v *Volume) undo(in *inode) error {
	if err := v.freeData(in); err != nil {
		return err
	}
	return v.freeInode(in)
}

// Mknod creates a file of any kind but directory and link; rdev counts for devices. With open it is opened too. The
// inode counts one reference for Forget. Errors: EEXIST, ENOENT for a removed directory, EPERM, ENOSPC, ENAMETOOLONG.
func (v *Volume) Mknod(dir uint32, name string, mode, rdev uint32, open bool, c Cred) (Attr, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	p, d, err := v.parent(dir, name)
	if err != nil {
		return Attr{}, err
	}
	if mode&unix.S_IFMT == 0 {
		mode |= unix.S_IFREG
	}
	in, err := v.newInode(p, mode, c)
	if err != nil {
		return Attr{}, err
	}
	switch in.fmt() {
	case unix.S_IFCHR, unix.S_IFBLK:
		in.setRdev(rdev)
		if err := v.put(in); err != nil {
			return Attr{}, err
		}
	}
	if err := v.enter(p, d, name, in, c); err != nil {
		return Attr{}, err
	}
	in.lookups++
	if open {
		in.opens++
	}
	return v.attr(in), nil
}

// Tmpfile creates an open regular file without a name; Link may give it one (open(2), O_TMPFILE).
func (v *Volume) Tmpfile(dir, mode uint32, c Cred) (Attr, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	p, _, err := v.changeable(dir)
	if err != nil {
		return Attr{}, err
	}
	in, err := v.newInode(p, mode&^unix.S_IFMT|unix.S_IFREG, c)
	if err != nil {
		return Attr{}, err
	}
	in.setLinks(0)
	if err := v.addOrphan(in); err != nil {
		return Attr{}, err
	}
	in.lookups++
	in.opens++
	return v.attr(in), nil
}

// Mkdir creates a directory. Errors: as Mknod, and EMLINK.
func (v *Volume) Mkdir(dir uint32, name string, mode uint32, c Cred) (Attr, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	p, d, err := v.parent(dir, name)
	if err != nil {
		return Attr{}, err
	}
	if !v.moreSubdirs(p) {
		return Attr{}, unix.EMLINK
	}
	in, err := v.newInode(p, mode&^unix.S_IFMT|unix.S_IFDIR, c)
	if err != nil {
		return Attr{}, err
	}
	in.setLinks(2)
	ents := []*dirEnt{{name: ".", ino: in.ino, ftype: v.ftype(unix.S_IFDIR)}, {name: "..", ino: p.ino, ftype: v.ftype(unix.S_IFDIR)}}
	nd := &dirIndex{names: make(map[string]*dirEnt)}
	if _, err := v.appendBlock(in, nd, v.packBlock(0, ents), c); err != nil {
		return Attr{}, errors.Join(err, v.undo(in))
	}
	if err := v.enter(p, d, name, in, c); err != nil {
		return Attr{}, err
	}
	v.addLink(p)
	in.lookups++
	return v.attr(in), v.put(p)
}

// Symlink creates a symbolic link. Errors: as Mknod; ENAMETOOLONG for a target that does not fit a block.
func (v *Volume) Symlink(dir uint32, name, target string, c Cred) (Attr, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := uint64(len(target))
	switch {
	case n == 0:
		return Attr{}, unix.ENOENT
	case n >= min(v.bsize, unix.PathMax):
		return Attr{}, unix.ENAMETOOLONG
	}
	p, d, err := v.parent(dir, name)
	if err != nil {
		return Attr{}, err
	}
	in, err := v.newInode(p, unix.S_IFLNK|0o777, c)
	if err != nil {
		return Attr{}, err
	}
	if err := v.setTarget(in, target, c); err != nil {
		return Attr{}, errors.Join(err, v.undo(in))
	}
	if err := v.enter(p, d, name, in, c); err != nil {
		return Attr{}, err
	}
	in.lookups++
	return v.attr(in), nil
}

// setTarget stores the target in the inode, if it is short, or in a block.
func (v *Volume) setTarget(in *inode, target string, c Cred) error {
	in.setSize(uint64(len(target)))
	if len(target) < maxFast {
		copy(in.raw[inBlock:inBlockEnd], target)
		return v.put(in)
	}
	if v.sb.incompat(incompatExtents) {
		in.initExtents()
	}
	_, err := v.fillHole(in, 0, 1, func(_, pblk, _ uint64) error {
		return v.fillAround(pblk, 1, 0, []byte(target))
	}, c)
	return err
}
