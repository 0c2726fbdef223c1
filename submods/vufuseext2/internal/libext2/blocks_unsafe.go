// SPDX-License-Identifier: Apache-2.0

package libext2

// #include "bridge.h"
import "C"

import "unsafe"

// Extent is a run of blocks: Len file blocks from Lblk lie at Pblk. Unwritten ones read as zeros.
type Extent struct {
	Lblk, Pblk uint64
	Len        uint32
	Unwritten  bool
}

const extentBatch = 256

// Extents lists leaf extents of an inode from the one that holds or precedes block from, at most 256. more tells
// whether there may be others behind them. Errors: EUCLEAN for a damaged tree, EBADMSG for a bad checksum.
func (fs *FS) Extents(ino uint32, raw []byte, from uint64) (list []Extent, more bool, err error) {
	var out [extentBatch]C.struct_vx_extent
	var n C.int
	code := C.vx_extents(fs.c, C.uint32_t(ino), ptr(raw), C.uint64_t(from), &out[0], extentBatch, &n)
	if err := check("read extents", code); err != nil {
		return nil, false, err
	}
	list = make([]Extent, n)
	for i := range list {
		e := &out[i]
		list[i] = Extent{uint64(e.lblk), uint64(e.pblk), uint32(e.len), e.unwritten != 0}
	}
	return list, n == extentBatch, nil
}

// MapExtent enters n blocks at pblk for a hole at lblk of an inode with extents. done blocks were entered, also
// when an error ended it. The tree's root in raw changes.
func (fs *FS) MapExtent(ino uint32, raw []byte, lblk, pblk, n uint64, unwritten bool) (done uint64, err error) {
	var d C.uint64_t
	u := C.int(0)
	if unwritten {
		u = 1
	}
	code := C.vx_extent_map(fs.c, C.uint32_t(ino), ptr(raw), C.uint64_t(lblk), C.uint64_t(pblk), C.uint64_t(n), u, &d)
	return uint64(d), check("map extent", code)
}

// AllocBlock allocates one block for a hole at lblk, for inodes without extents.
func (fs *FS) AllocBlock(ino uint32, raw []byte, lblk uint64) (uint64, error) {
	var blk C.uint64_t
	err := check("allocate block", C.vx_bmap_alloc(fs.c, C.uint32_t(ino), ptr(raw), C.uint64_t(lblk), &blk))
	return uint64(blk), err
}

// MarkWritten turns one block of an unwritten extent into a written one.
func (fs *FS) MarkWritten(ino uint32, raw []byte, lblk, pblk uint64) error {
	return check("mark written", C.vx_bmap_written(fs.c, C.uint32_t(ino), ptr(raw), C.uint64_t(lblk), C.uint64_t(pblk)))
}

// Punch frees the blocks of the file from first to last, both included. They may only have the last block of the file
// system among them if reach is set, which must not be where an extent is to be split.
func (fs *FS) Punch(ino uint32, raw []byte, first, last uint64, reach bool) error {
	r := C.int(0)
	if reach {
		r = 1
	}
	return check("punch", C.vx_punch(fs.c, C.uint32_t(ino), ptr(raw), C.uint64_t(first), C.uint64_t(last), r))
}

// NewRange allocates up to want consecutive blocks at or after goal and marks them used. Errors: ENOSPC.
func (fs *FS) NewRange(goal, want uint64) (blk, got uint64, err error) {
	var b, n C.uint64_t
	err = check("allocate blocks", C.vx_new_range(fs.c, C.uint64_t(goal), C.uint64_t(want), &b, &n))
	return uint64(b), uint64(n), err
}

// FreeRange gives blocks back to the bitmap.
func (fs *FS) FreeRange(blk, n uint64) { C.vx_free_range(fs.c, C.uint64_t(blk), C.uint64_t(n)) }

// Goal is where blocks for lblk of an inode had best be.
func (fs *FS) Goal(ino uint32, raw []byte, lblk uint64) uint64 {
	return uint64(C.vx_goal(fs.c, C.uint32_t(ino), ptr(raw), C.uint64_t(lblk)))
}

// AddIBlocks adds n file system blocks to the inode's block count (in raw only).
func (fs *FS) AddIBlocks(raw []byte, n uint64) error {
	return check("count blocks", C.vx_iblocks_add(fs.c, ptr(raw), C.uint64_t(n)))
}

// ReadBlock reads a block through the cache.
func (fs *FS) ReadBlock(blk uint64, buf []byte) error {
	return check("read block", C.vx_read_block(fs.c, C.uint64_t(blk), ptr(buf)))
}

// Drop forgets cached copies of blocks that the caller writes on the descriptor itself.
func (fs *FS) Drop(blk, n uint64) { C.vx_drop(fs.c, C.uint64_t(blk), C.uint64_t(n)) }

// ReadDir reads a directory block. Errors: EBADMSG for a bad checksum.
func (fs *FS) ReadDir(ino uint32, blk uint64, buf []byte) error {
	return check("read directory", C.vx_read_dir(fs.c, C.uint32_t(ino), C.uint64_t(blk), ptr(buf)))
}

// WriteDir writes a directory block of either kind (entries or hash tree); its checksum is set in buf.
func (fs *FS) WriteDir(ino uint32, blk uint64, buf []byte) error {
	return check("write directory", C.vx_write_dir(fs.c, C.uint32_t(ino), C.uint64_t(blk), ptr(buf)))
}

// DirHash is the hash of a name in hash-tree directories. Errors: EUCLEAN for an unknown version.
func DirHash(version int, name string, seed *[4]uint32) (uint32, error) {
	var h, minor C.uint32_t
	b := []byte(name)
	code := C.vx_dirhash(C.int(version), ptr(b), C.int(len(b)), (*C.uint32_t)(unsafe.Pointer(seed)), &h, &minor)
	return uint32(h), check("hash name", code)
}
