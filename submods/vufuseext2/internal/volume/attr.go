// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"time"

	"golang.org/x/sys/unix"
)

// Attr is what stat(2) and statx(2) tell.
type Attr struct {
	Ino        uint32
	Generation uint32
	Mode       uint32
	Nlink      uint32
	UID, GID   uint32
	Rdev       uint32 // as new_encode_dev
	Size       uint64
	Blocks     uint64 // of 512 bytes
	BlockSize  uint32
	Atime      time.Time
	Mtime      time.Time
	Ctime      time.Time
	Btime      time.Time // zero if the inode has none
	Flags      uint32    // as FS_IOC_GETFLAGS
}

func (v *Volume) attr(in *inode) Attr {
	a := Attr{
		Ino: in.ino, Generation: in.generation(), Mode: in.mode(), Nlink: in.links(),
		UID: in.uid(), GID: in.gid(), Size: in.size(), Blocks: in.blocks(v.sb, int(v.bsize)),
		BlockSize: uint32(v.bsize), Atime: in.atime(), Mtime: in.mtime(), Ctime: in.ctime(),
		Flags: in.flags() & flUserMask,
	}
	if t, ok := in.btime(); ok {
		a.Btime = t
	}
	switch in.fmt() {
	case unix.S_IFCHR, unix.S_IFBLK:
		a.Rdev = in.rdev()
	}
	if in.has(flInline) && a.Blocks == 0 {
		a.Blocks = (a.Size + 511) / 512 // fs/ext4/inode.c:ext4_file_getattr: tar must not take it for a hole
	}
	return a
}

// GetAttr gives the attributes of an inode.
func (v *Volume) GetAttr(ino uint32) (Attr, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	in, err := v.get(ino)
	if err != nil {
		return Attr{}, err
	}
	return v.attr(in), nil
}

// SetAttr is a change of attributes; nil fields stay.
type SetAttr struct {
	Mode     *uint32
	UID, GID *uint32
	Size     *uint64
	Atime    *time.Time
	Mtime    *time.Time
	Ctime    *time.Time // now if nil
	KillIDs  bool       // take set-user-id bits away, as a change of owner does
	Now      bool       // the times are the present: permitted on append-only files too
}

// SetAttr changes attributes. Errors: EPERM on immutable and append-only files, EFBIG, ENOSPC.
func (v *Volume) SetAttr(ino uint32, s SetAttr, c Cred) (Attr, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.writable(); err != nil {
		return Attr{}, err
	}
	in, err := v.get(ino)
	if err != nil {
		return Attr{}, err
	}
	times := s.Atime != nil || s.Mtime != nil
	owner := s.Mode != nil || s.UID != nil || s.GID != nil
	if in.has(flImmutable) || (in.has(flAppend) && (owner || s.Size != nil || (times && !s.Now))) {
		return Attr{}, unix.EPERM
	}
	if s.Size != nil {
		if err := v.truncate(in, *s.Size, c); err != nil {
			return Attr{}, err
		}
	}
	if s.Mode != nil {
		if err := v.chmod(in, *s.Mode); err != nil {
			return Attr{}, err
		}
	}
	chown := s.UID != nil || s.GID != nil
	if chown || s.Size != nil || s.KillIDs {
		if err := v.dropPrivs(in, s.KillIDs || (chown && s.Mode == nil), c); err != nil {
			return Attr{}, err
		}
	}
	v.apply(in, s)
	return v.attr(in), v.put(in)
}

func (v *Volume) apply(in *inode, s SetAttr) {
	uid, gid := in.uid(), in.gid()
	if s.UID != nil {
		uid = *s.UID
	}
	if s.GID != nil {
		gid = *s.GID
	}
	in.setOwner(uid, gid)
	if s.Atime != nil {
		in.setAtime(*s.Atime)
	}
	if s.Mtime != nil {
		in.setMtime(*s.Mtime)
	}
	now := time.Now()
	if s.Ctime != nil {
		now = *s.Ctime
	}
	in.setCtime(now)
}

// SetFlags changes the flags of FS_IOC_SETFLAGS that ext2 files of all kinds may have.
// Errors: EPERM for the immutable and append-only flags without privilege, EOPNOTSUPP for others.
func (v *Volume) SetFlags(ino uint32, flags uint32, c Cred) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.writable(); err != nil {
		return err
	}
	in, err := v.get(ino)
	if err != nil {
		return err
	}
	changed := (flags ^ in.flags()) & flUserMask
	if changed&^flUserChange != 0 {
		return unix.EOPNOTSUPP
	}
	if c.UID != 0 && (changed&(flImmutable|flAppend) != 0 || c.UID != in.uid()) {
		return unix.EPERM
	}
	in.setFlags(in.flags() ^ changed)
	in.setCtime(time.Now())
	return v.put(in)
}

// Cred is who asks: the owner of what is created, and whether reserved blocks may be used.
type Cred struct {
	UID, GID uint32
	Umask    uint32
}
