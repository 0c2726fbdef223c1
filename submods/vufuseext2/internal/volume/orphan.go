// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"slices"
	"time"
)

// Inodes without links that are still in use are on a list that begins in the superblock and goes on in i_dtime
// (fs/ext4/orphan.c), so that e2fsck frees them after a crash. Volume.orphans has it with the head last.

func (v *Volume) isOrphan(ino uint32) bool { return slices.Contains(v.orphans, ino) }

// addOrphan puts an inode without links at the head of the list.
func (v *Volume) addOrphan(in *inode) error {
	in.setU32(inDtime, v.sb.u32(sbLastOrphan))
	if err := v.put(in); err != nil {
		return err
	}
	in.orphan = true
	v.orphans = append(v.orphans, in.ino)
	v.setLastOrphan(in.ino)
	return nil
}

func (v *Volume) setLastOrphan(ino uint32) {
	v.sb.setU32(sbLastOrphan, ino)
	v.fs.MarkSuperDirty()
}

// delOrphan takes an inode off the list.
func (v *Volume) delOrphan(in *inode) error {
	i := slices.Index(v.orphans, in.ino)
	if i < 0 {
		return nil
	}
	next := uint32(0)
	if i > 0 {
		next = v.orphans[i-1]
	}
	if i == len(v.orphans)-1 {
		v.setLastOrphan(next)
	} else {
		prev := v.inodes[v.orphans[i+1]] // orphans stay in the cache
		prev.setU32(inDtime, next)
		if err := v.put(prev); err != nil {
			return err
		}
	}
	v.orphans = slices.Delete(v.orphans, i, i+1)
	in.orphan = false
	in.setU32(inDtime, 0)
	return nil
}

// freeOrphan deletes an inode: nobody uses it any more.
func (v *Volume) freeOrphan(in *inode) error {
	if err := v.freeData(in); err != nil {
		return err
	}
	if err := v.delOrphan(in); err != nil {
		return err
	}
	return v.freeInode(in)
}

// freeData gives back all blocks of an inode but its attributes.
func (v *Volume) freeData(in *inode) error {
	if !v.hasBlocks(in) {
		return nil
	}
	if err := v.freeFrom(in, 0); err != nil {
		return err
	}
	in.setSize(0)
	return v.put(in)
}

// freeInode marks an inode that has no data any more as free.
func (v *Volume) freeInode(in *inode) error {
	if err := v.fs.XattrFree(in.ino, in.raw); err != nil {
		return err
	}
	in.setLinks(0)
	in.setU32(inDtime, uint32(time.Now().Unix()))
	if err := v.put(in); err != nil {
		return err
	}
	v.fs.InodeStats(in.ino, false, in.isDir())
	v.dropDir(in)
	delete(v.inodes, in.ino)
	return nil
}

// freeOrphans deletes all of them: the volume is being closed.
func (v *Volume) freeOrphans() error {
	for len(v.orphans) > 0 {
		if err := v.freeOrphan(v.inodes[v.orphans[len(v.orphans)-1]]); err != nil {
			return err
		}
	}
	return nil
}

// reapData frees the blocks of unlinked files that nobody has open, though the kernel has not yet said that it forgot
// them: FUSE_FORGET may come late. It tells whether there is space now.
func (v *Volume) reapData(c Cred) bool {
	for _, ino := range v.orphans {
		if in := v.inodes[ino]; in.opens == 0 && v.freeData(in) != nil {
			return false
		}
	}
	return v.canAllocate(1, c)
}

// reapInodes frees such files altogether, for when inodes have run out.
func (v *Volume) reapInodes() bool {
	n := len(v.orphans)
	for _, ino := range slices.Clone(v.orphans) {
		if in := v.inodes[ino]; in.opens == 0 && v.freeOrphan(in) != nil {
			break
		}
	}
	return len(v.orphans) < n
}
