// SPDX-License-Identifier: Apache-2.0

package libext2

// #cgo LDFLAGS: -lext2fs -lcom_err
// #include "bridge.h"
import "C"

import "unsafe"

// FS is an open file system. Superblock gives its primary superblock as it is in memory.
type FS struct {
	c C.ext2_filsys
}

// Flags of Open, as ext2fs_open's.
const (
	OpenRW      = int(C.EXT2_FLAG_RW)
	OpenSkipMMP = int(C.EXT2_FLAG_SKIP_MMP)
)

// Open opens the file system that begins offset bytes into the file behind fd, which stays the caller's and must
// outlive the FS. With OpenRW the bitmaps are read too. Errors: *Error.
func Open(fd int, offset int64, flags int) (*FS, error) {
	fs := &FS{}
	if err := check("open", C.vx_open(C.int(fd), C.uint64_t(offset), C.int(flags), &fs.c)); err != nil {
		return nil, err
	}
	return fs, nil
}

// Close writes what is pending and frees the FS, also when it fails.
func (fs *FS) Close() error { return check("close", C.vx_close(fs.c)) }

// Abandon frees the FS and writes nothing of what the library holds in memory.
func (fs *FS) Abandon() { C.vx_abandon(fs.c) }

// Flush writes bitmaps, descriptors, superblock and cached blocks to the descriptor. It does not sync it.
func (fs *FS) Flush() error { return check("flush", C.vx_flush(fs.c)) }

// Superblock is the raw superblock in memory, 1024 bytes, little endian (see struct ext2_super_block). What is
// changed in it is written by the next Flush if MarkSuperDirty was called.
func (fs *FS) Superblock() []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(fs.c.super)), 1024)
}

// MarkSuperDirty makes the next Flush write the superblock.
func (fs *FS) MarkSuperDirty() { fs.c.flags |= C.EXT2_FLAG_DIRTY | C.EXT2_FLAG_CHANGED }

// Dirty tells whether anything waits for Flush.
func (fs *FS) Dirty() bool {
	const pending = C.EXT2_FLAG_DIRTY | C.EXT2_FLAG_IB_DIRTY | C.EXT2_FLAG_BB_DIRTY
	return fs.c.flags&pending != 0 || C.blockio_dirty(fs.c.io) != 0
}

// BlockSize is in bytes.
func (fs *FS) BlockSize() int { return int(fs.c.blocksize) }

// GroupFree sums free blocks and inodes over the group descriptors.
func (fs *FS) GroupFree() (blocks, inodes uint64) {
	var n C.uint64_t
	blocks = uint64(C.vx_group_free(fs.c, &n))
	return blocks, uint64(n)
}

// Overhead is the number of blocks that can never hold files: statfs does not count them (bsddf).
func (fs *FS) Overhead() uint64 { return uint64(C.vx_overhead(fs.c)) }
