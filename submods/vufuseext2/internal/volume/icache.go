// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"golang.org/x/sys/unix"
)

// maxInodes and maxDirEnts bound what is cached for files nobody uses: some 30 and 150 MB.
const (
	maxInodes  = 64 << 10
	maxDirEnts = 1 << 20
)

// get gives an inode that is in use on the disk. Errors: EUCLEAN for a number or an inode that cannot be, ESTALE for
// one that is not in use, EBADMSG for a bad checksum.
func (v *Volume) get(ino uint32) (*inode, error) {
	if err := v.usable(); err != nil {
		return nil, err
	}
	v.clock++
	if in := v.inodes[ino]; in != nil {
		in.used = v.clock
		return in, nil
	}
	if ino != rootIno && (ino < v.sb.firstIno() || ino > v.sb.u32(sbInodesCount)) {
		return nil, unix.EUCLEAN
	}
	in := &inode{ino: ino, raw: make([]byte, v.sb.inodeSize()), used: v.clock}
	v.fs.PrefetchInode(ino)
	if err := v.fs.ReadInode(ino, in.raw); err != nil {
		return nil, err
	}
	if err := v.checkInode(in); err != nil {
		return nil, err
	}
	v.evict()
	v.inodes[ino] = in
	return in, nil
}

// checkInode is as much of fs/ext4/inode.c:__ext4_iget as keeps what follows sane.
func (v *Volume) checkInode(in *inode) error {
	if in.links() == 0 && !v.isOrphan(in.ino) {
		return unix.ESTALE
	}
	switch in.fmt() {
	case unix.S_IFREG, unix.S_IFDIR, unix.S_IFLNK, unix.S_IFCHR, unix.S_IFBLK, unix.S_IFIFO, unix.S_IFSOCK:
	default:
		return unix.EUCLEAN
	}
	if int64(in.size()) < 0 || in.has(flEAInode) {
		return unix.EUCLEAN
	}
	if len(in.raw) > goodOldInodeLen && goodOldInodeLen+int(in.u16(inExtra)) > len(in.raw) {
		return unix.EUCLEAN
	}
	return nil
}

// put writes an inode to the block cache.
func (v *Volume) put(in *inode) error { return v.fs.WriteInode(in.ino, in.raw) }

// reload reads an inode again after the library changed it.
func (v *Volume) reload(in *inode) error {
	in.win = window{}
	return v.fs.ReadInode(in.ino, in.raw)
}

func (in *inode) idle() bool { return in.lookups == 0 && in.opens == 0 && !in.orphan }

// evict makes room by forgetting inodes that nobody refers to, the older half of a sample.
func (v *Volume) evict() {
	if len(v.inodes) < maxInodes {
		return
	}
	var sum, n uint64
	for _, in := range v.inodes {
		if in.idle() {
			sum += in.used
			n++
		}
	}
	if n == 0 {
		return
	}
	for ino, in := range v.inodes {
		if in.idle() && in.used <= sum/n {
			v.dropDir(in)
			delete(v.inodes, ino)
		}
	}
}

// dropDir forgets the parsed entries of a directory.
func (v *Volume) dropDir(in *inode) {
	if in.dir != nil {
		v.dirEnts -= in.dir.count
		in.dir = nil
	}
}

// evictDirs forgets parsed directories, all but keep, when there are too many entries.
func (v *Volume) evictDirs(keep *inode) {
	if v.dirEnts < maxDirEnts {
		return
	}
	for _, in := range v.inodes {
		if in != keep {
			v.dropDir(in)
		}
	}
}

// Forget is FUSE_FORGET: the kernel gave up n references to an inode that Lookup or a creation gave it.
func (v *Volume) Forget(ino uint32, n uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	in := v.inodes[ino]
	if in == nil || v.closed {
		return
	}
	in.lookups -= min(n, in.lookups)
	v.settle(in)
}

// settle frees an inode that has neither links nor users any more.
func (v *Volume) settle(in *inode) {
	if in.orphan && in.lookups == 0 && in.opens == 0 {
		// An error leaves it on the orphan list, where e2fsck finds it.
		_ = v.freeOrphan(in)
	}
}
