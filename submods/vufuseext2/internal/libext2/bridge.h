/* SPDX-License-Identifier: Apache-2.0 */
/* bridge: the calls of libext2fs that the Go side needs, in shapes that cgo can call without pointers to pointers.
 * All return an errcode_t: 0, an errno, or a code of ext2_err.h. None is safe for concurrent use. */
#ifndef BRIDGE_H
#define BRIDGE_H

#include <stdint.h>
#include "blockio.h"

struct vx_extent {
	uint64_t lblk, pblk;
	uint32_t len, unwritten;
};

long vx_open(int fd, uint64_t offset, int flags, ext2_filsys *ret);
long vx_close(ext2_filsys fs);
void vx_abandon(ext2_filsys fs);
long vx_flush(ext2_filsys fs);
int vx_errno(long code);
void vx_message(long code, char *buf, int size);

long vx_read_inode(ext2_filsys fs, uint32_t ino, void *raw, int size);
long vx_write_inode(ext2_filsys fs, uint32_t ino, void *raw, int size);
long vx_new_inode(ext2_filsys fs, uint32_t dir, int mode, uint32_t *ino);
void vx_inode_stats(ext2_filsys fs, uint32_t ino, int inuse, int isdir);
int vx_inode_used(ext2_filsys fs, uint32_t ino);

long vx_extents(ext2_filsys fs, uint32_t ino, void *raw, uint64_t from, struct vx_extent *out, int max, int *n);
long vx_extent_map(ext2_filsys fs, uint32_t ino, void *raw, uint64_t lblk, uint64_t pblk, uint64_t len, int unwritten,
	uint64_t *done);
long vx_bmap_alloc(ext2_filsys fs, uint32_t ino, void *raw, uint64_t lblk, uint64_t *pblk);
long vx_bmap_written(ext2_filsys fs, uint32_t ino, void *raw, uint64_t lblk, uint64_t pblk);
long vx_punch(ext2_filsys fs, uint32_t ino, void *raw, uint64_t first, uint64_t last, int reach);
long vx_new_range(ext2_filsys fs, uint64_t goal, uint64_t want, uint64_t *blk, uint64_t *got);
void vx_free_range(ext2_filsys fs, uint64_t blk, uint64_t n);
uint64_t vx_goal(ext2_filsys fs, uint32_t ino, void *raw, uint64_t lblk);
long vx_iblocks_add(ext2_filsys fs, void *raw, uint64_t n);

long vx_read_block(ext2_filsys fs, uint64_t blk, void *buf);
long vx_read_dir(ext2_filsys fs, uint32_t ino, uint64_t blk, void *buf);
long vx_write_dir(ext2_filsys fs, uint32_t ino, uint64_t blk, void *buf);
long vx_dirhash(int version, const void *name, int len, const uint32_t *seed, uint32_t *hash, uint32_t *minor);

long vx_inline_get(ext2_filsys fs, uint32_t ino, void *raw, void *buf, size_t max, size_t *size);
long vx_inline_set(ext2_filsys fs, uint32_t ino, void *raw, void *buf, size_t size);
long vx_inline_remove(ext2_filsys fs, uint32_t ino);

long vx_xattr_get(ext2_filsys fs, uint32_t ino, const char *name, void *buf, size_t max, size_t *size);
long vx_xattr_list(ext2_filsys fs, uint32_t ino, void *buf, size_t max, size_t *size);
long vx_xattr_set(ext2_filsys fs, uint32_t ino, const char *name, const void *value, size_t size);
long vx_xattr_remove(ext2_filsys fs, uint32_t ino, const char *name);
long vx_xattr_free(ext2_filsys fs, uint32_t ino, void *raw, int size);

void vx_prefetch_inode(ext2_filsys fs, uint32_t ino);
void vx_drop(ext2_filsys fs, uint64_t blk, uint64_t n);

uint64_t vx_group_free(ext2_filsys fs, uint64_t *inodes);
uint64_t vx_overhead(ext2_filsys fs);

#endif
