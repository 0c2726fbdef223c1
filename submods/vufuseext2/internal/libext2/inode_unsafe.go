// SPDX-License-Identifier: Apache-2.0

package libext2

// #include "bridge.h"
import "C"

import "unsafe"

// A raw inode is the inode as on disk, as long as the file system's inode size.

func ptr(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }

// ReadInode fills raw. Errors: EBADMSG for a bad checksum, EUCLEAN for a number out of range.
func (fs *FS) ReadInode(ino uint32, raw []byte) error {
	return check("read inode", C.vx_read_inode(fs.c, C.uint32_t(ino), ptr(raw), C.int(len(raw))))
}

// WriteInode writes raw; the checksum is made by the library.
func (fs *FS) WriteInode(ino uint32, raw []byte) error {
	return check("write inode", C.vx_write_inode(fs.c, C.uint32_t(ino), ptr(raw), C.int(len(raw))))
}

// NewInode finds a free inode near directory dir. It is not marked as used: see InodeStats.
func (fs *FS) NewInode(dir uint32, mode uint32) (uint32, error) {
	var ino C.uint32_t
	err := check("new inode", C.vx_new_inode(fs.c, C.uint32_t(dir), C.int(mode), &ino))
	return uint32(ino), err
}

// InodeStats marks an inode as used or free in the bitmap and in the counts.
func (fs *FS) InodeStats(ino uint32, used, dir bool) {
	n := C.int(-1)
	if used {
		n = 1
	}
	d := C.int(0)
	if dir {
		d = 1
	}
	C.vx_inode_stats(fs.c, C.uint32_t(ino), n, d)
}

// InodeUsed asks the inode bitmap, which only a file system opened with OpenRW has.
func (fs *FS) InodeUsed(ino uint32) bool { return C.vx_inode_used(fs.c, C.uint32_t(ino)) != 0 }

// PrefetchInode reads the surroundings of ino in the inode table into the cache with one read.
func (fs *FS) PrefetchInode(ino uint32) { C.vx_prefetch_inode(fs.c, C.uint32_t(ino)) }
