// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"errors"
	"math"

	"golang.org/x/sys/unix"
)

// filler writes the contents of blocks that were just allocated: n blocks at pblk, for lblk on.
type filler func(lblk, pblk, n uint64) error

// fillHole allocates blocks for at most n blocks of a hole at lblk, has them filled, and enters them in the inode's
// block map, in this order: what an error leaves behind never shows old contents of the image. It gives how many
// blocks that were, at least one. Errors: ENOSPC.
func (v *Volume) fillHole(in *inode, lblk, n uint64, fill filler, c Cred) (uint64, error) {
	if !v.canAllocate(1, c) && !v.reapData(c) {
		return 0, unix.ENOSPC
	}
	got, err := v.tryFill(in, lblk, n, fill, c)
	if errors.Is(err, unix.ENOSPC) && v.reapData(c) {
		got, err = v.tryFill(in, lblk, n, fill, c)
	}
	return got, err
}

func (v *Volume) tryFill(in *inode, lblk, n uint64, fill filler, c Cred) (uint64, error) {
	defer func() { in.win = window{} }()
	if !in.has(flExtents) {
		return v.fillPointer(in, lblk, fill)
	}
	for n > 1 && !v.canAllocate(n, c) {
		n /= 2
	}
	pblk, got, err := v.fs.NewRange(v.fs.Goal(in.ino, in.raw, lblk), n)
	if err != nil {
		return 0, err
	}
	if fill != nil {
		err = fill(lblk, pblk, got)
	}
	var done uint64
	if err == nil {
		done, err = v.fs.MapExtent(in.ino, in.raw, lblk, pblk, got, fill == nil)
	}
	if done < got {
		v.fs.FreeRange(pblk+done, got-done)
	}
	if done == 0 {
		return 0, err
	}
	if err := v.fs.AddIBlocks(in.raw, done); err != nil {
		return 0, err
	}
	return done, v.put(in)
}

// fillPointer is tryFill for files without extents: libext2fs enters one zeroed block at a time.
func (v *Volume) fillPointer(in *inode, lblk uint64, fill filler) (uint64, error) {
	pblk, err := v.fs.AllocBlock(in.ino, in.raw, lblk)
	if err != nil {
		return 0, err
	}
	if err := fill(lblk, pblk, 1); err != nil {
		return 0, errors.Join(err, v.freeBlocks(in, lblk, lblk))
	}
	return 1, v.put(in)
}

// freeBlocks gives blocks first to last of a file away, waiting for reads that are under way.
func (v *Volume) freeBlocks(in *inode, first, last uint64) error {
	in.io.Lock()
	defer in.io.Unlock()
	in.win = window{}
	if !in.has(flExtents) {
		return v.fs.Punch(in.ino, in.raw, first, last, false)
	}
	split, err := v.splits(in, first, last)
	if err != nil {
		return err
	}
	// What is cut out of an extent is not its end, and so not the last block of the file system.
	return v.fs.Punch(in.ino, in.raw, first, last, !split)
}

// splits tells whether one extent has blocks first to last and others on both sides of them.
func (v *Volume) splits(in *inode, first, last uint64) (bool, error) {
	list, _, err := v.fs.Extents(in.ino, in.raw, first)
	if err != nil {
		return false, err
	}
	for _, e := range list {
		if e.Lblk < first && last < e.Lblk+uint64(e.Len)-1 {
			return true, nil
		}
	}
	return false, nil
}

// freeFrom gives all blocks from first on away.
func (v *Volume) freeFrom(in *inode, first uint64) error {
	return v.freeBlocks(in, first, math.MaxUint64)
}

// hasBlocks tells whether i_block is a block map.
func (v *Volume) hasBlocks(in *inode) bool {
	switch in.fmt() {
	case unix.S_IFREG, unix.S_IFDIR:
		return !in.has(flInline)
	case unix.S_IFLNK:
		return !in.has(flInline) && !in.fastLink(v.sb, int(v.bsize))
	}
	return false
}

// maxSize is how long a file may become (fs/ext4/super.c: ext4_max_size, ext4_max_bitmap_size).
func (v *Volume) maxSize(in *inode) uint64 {
	if in.has(flExtents) {
		return min((1<<32-1)*v.bsize, math.MaxInt64)
	}
	per := v.bsize / 4
	blocks := direct + per + per*per + per*per*per
	limit := uint64(1<<48 - 1)
	if !v.sb.roCompat(roHugeFile) {
		limit = (1<<32 - 1) / (v.bsize / 512)
	}
	if blocks+3+2*per+per*per > limit {
		// Data and pointer blocks together must be countable in i_blocks.
		rest, pointers := limit-direct-per, 1+1+per+1
		if rest < per*per {
			pointers = 1 + 1 + ceilDiv(rest, per)
		} else {
			rest -= per * per
			pointers += ceilDiv(rest, per) + ceilDiv(rest, per*per)
		}
		blocks = limit - pointers
	}
	return min(blocks*v.bsize, math.MaxInt64)
}

func ceilDiv(a, b uint64) uint64 { return (a + b - 1) / b }

// grow sets the size of a file that became longer, and the feature that sizes from 2 GiB on need.
func (v *Volume) grow(in *inode, size uint64) {
	if size <= in.size() {
		return
	}
	in.setSize(size)
	if size > math.MaxInt32 && in.isReg() && !v.sb.roCompat(roLargeFile) {
		v.sb.setU32(sbROCompat, v.sb.u32(sbROCompat)|roLargeFile)
		v.fs.MarkSuperDirty()
	}
}
