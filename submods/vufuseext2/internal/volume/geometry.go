// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// More offsets in struct ext2_super_block.
const (
	sbLogBlock      = 24
	sbLogCluster    = 28
	sbBlocksPer     = 32
	sbClustersPer   = 36
	sbInodesPer     = 40
	sbMagic         = 56
	sbReservedGDT   = 206
	sbDescSize      = 254
	sbStart         = 1024
	incompat64bit   = 0x80
	magicNumber     = 0xEF53
	maxLogBlockSize = 6
)

// geometryError is a superblock whose numbers do not fit together.
type geometryError string

func (e geometryError) Error() string { return "damaged superblock: " + string(e) }
func (e geometryError) Unwrap() error { return unix.EUCLEAN }

// checkGeometry refuses what the kernel refuses to mount (fs/ext4/super.c: ext4_block_group_meta_init,
// ext4_check_geometry, ext4_handle_clustersize). libext2fs does not check all of it and sizes its buffers by it.
func checkGeometry(f *os.File, offset int64) error {
	sb := make(super, 1024)
	if _, err := f.ReadAt(sb, offset+sbStart); err == io.EOF || (err == nil && sb.u16(sbMagic) != magicNumber) {
		return fmt.Errorf("not an ext2, ext3 or ext4 file system: %w", unix.EINVAL)
	} else if err != nil {
		return err
	}
	if sb.incompat(incompatJournalDev) {
		return fmt.Errorf("is an external journal, not a file system: %w", unix.EINVAL)
	}
	log := sb.u32(sbLogBlock)
	if log > maxLogBlockSize {
		return geometryError("block size")
	}
	if err := sb.checkGroups(1024 << log); err != nil {
		return err
	}
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if size := uint64(max(end-offset, 0)) / (1024 << log); sb.blocks() > size {
		return geometryError(fmt.Sprintf("%d blocks, but the image has %d", sb.blocks(), size))
	}
	return nil
}

// checkGroups checks the sizes of groups, inodes and descriptors for blocks of bsize bytes.
func (s super) checkGroups(bsize uint64) error {
	first, cluster := uint64(s.u32(sbFirstData)), s.u32(sbLogCluster)-s.u32(sbLogBlock)
	perGroup, inodes := uint64(s.u32(sbBlocksPer)), uint64(s.u32(sbInodesPer))
	isize, dsize := uint64(s.inodeSize()), uint64(32)
	if s.incompat(incompat64bit) {
		dsize = uint64(s.u16(sbDescSize))
	}
	switch {
	case s.u32(sbRevLevel) > 1:
		return geometryError("revision")
	case s.roCompat(roBigalloc) && cluster > 20, !s.roCompat(roBigalloc) && cluster != 0 && s.u32(sbLogCluster) != 0:
		return geometryError("cluster size")
	case s.roCompat(roBigalloc) && perGroup != uint64(s.u32(sbClustersPer))<<cluster,
		!s.roCompat(roBigalloc) && perGroup > 8*bsize, perGroup == 0 || perGroup%8 != 0:
		return geometryError("blocks per group")
	case isize < goodOldInodeLen || isize > bsize || isize&(isize-1) != 0:
		return geometryError("inode size")
	case inodes == 0 || inodes%8 != 0 || inodes > 8*bsize || inodes*isize/bsize >= perGroup || inodes*isize%bsize != 0:
		return geometryError("inodes per group")
	case dsize < 32 || (s.incompat(incompat64bit) && dsize < 64) || dsize > bsize || dsize&(dsize-1) != 0:
		return geometryError("descriptor size")
	case s.firstIno() < oldRevFirstIno || uint64(s.u16(sbReservedGDT)) > bsize/4:
		return geometryError("reserved inodes or descriptors")
	case first >= s.blocks() || first != firstDataBlock(bsize, s.roCompat(roBigalloc), first):
		return geometryError("first data block")
	}
	groups := (s.blocks() - first + perGroup - 1) / perGroup
	if groups*inodes != uint64(s.u32(sbInodesCount)) {
		return geometryError("number of inodes")
	}
	return nil
}

// firstDataBlock is 1 where the superblock fills a block after the boot block, else 0; with clusters it may be either.
func firstDataBlock(bsize uint64, clusters bool, is uint64) uint64 {
	switch {
	case clusters && is <= 1:
		return is
	case bsize == 1024:
		return 1
	}
	return 0
}
