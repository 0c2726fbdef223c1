// SPDX-License-Identifier: Apache-2.0

#include "bridge.h"

#include <string.h>

long vx_open(int fd, uint64_t offset, int flags, ext2_filsys *ret)
{
	char name[64];
	errcode_t err;
	ext2_filsys fs = NULL;

	initialize_ext2_error_table();
	snprintf(name, sizeof(name), "%d:%llu", fd, (unsigned long long)offset);
	err = ext2fs_open2(name, NULL, flags | EXT2_FLAG_64BITS, 0, 0, blockio_manager, &fs);
	if (err)
		return err;
	fs->flags |= EXT2_FLAG_MASTER_SB_ONLY;
	err = ext2fs_check_desc(fs);
	if (!err && (flags & EXT2_FLAG_RW))
		err = ext2fs_read_bitmaps(fs);
	if (err) {
		ext2fs_free(fs);
		return err;
	}
	*ret = fs;
	return 0;
}

long vx_close(ext2_filsys fs)
{
	return ext2fs_close2(fs, EXT2_FLAG_FLUSH_NO_SYNC);
}

void vx_abandon(ext2_filsys fs)
{
	ext2fs_free(fs);
}

long vx_flush(ext2_filsys fs)
{
	errcode_t err = 0;

	if (ext2fs_test_ib_dirty(fs) || ext2fs_test_bb_dirty(fs))
		err = ext2fs_write_bitmaps(fs);
	if (!err && (fs->flags & EXT2_FLAG_DIRTY))
		err = ext2fs_flush2(fs, EXT2_FLAG_FLUSH_NO_SYNC);
	return err ? err : io_channel_flush(fs->io);
}

/* vx_errno gives what the kernel's ext4 answers in the same situation. */
int vx_errno(long code)
{
	if (code >= 0 && code < 4096)
		return (int)code;
	switch (code) {
	case EXT2_ET_NO_MEMORY: return ENOMEM;
	case EXT2_ET_BLOCK_ALLOC_FAIL:
	case EXT2_ET_INODE_ALLOC_FAIL:
	case EXT2_ET_EA_NO_SPACE:
	case EXT2_ET_TOOSMALL:
	case EXT2_ET_INLINE_DATA_NO_SPACE: return ENOSPC;
	case EXT2_ET_FILE_NOT_FOUND: return ENOENT;
	case EXT2_ET_FILE_EXISTS: return EEXIST;
	case EXT2_ET_FILE_TOO_BIG: return EFBIG;
	case EXT2_ET_EA_KEY_NOT_FOUND: return ENODATA;
	case EXT2_ET_RO_FILSYS: return EROFS;
	case EXT2_ET_INVALID_ARGUMENT: return EINVAL;
	case EXT2_ET_SHORT_READ:
	case EXT2_ET_SHORT_WRITE: return EIO;
	case EXT2_ET_INODE_CSUM_INVALID:
	case EXT2_ET_DIR_CSUM_INVALID:
	case EXT2_ET_EXTENT_CSUM_INVALID:
	case EXT2_ET_EXT_ATTR_CSUM_INVALID: return EBADMSG;
	}
	return EUCLEAN;
}

void vx_message(long code, char *buf, int size)
{
	snprintf(buf, size, "%s", error_message(code));
}

long vx_read_inode(ext2_filsys fs, uint32_t ino, void *raw, int size)
{
	return ext2fs_read_inode_full(fs, ino, raw, size);
}

long vx_write_inode(ext2_filsys fs, uint32_t ino, void *raw, int size)
{
	return ext2fs_write_inode_full(fs, ino, raw, size);
}

long vx_new_inode(ext2_filsys fs, uint32_t dir, int mode, uint32_t *ino)
{
	return ext2fs_new_inode(fs, dir, mode, NULL, ino);
}

void vx_inode_stats(ext2_filsys fs, uint32_t ino, int inuse, int isdir)
{
	ext2fs_inode_alloc_stats2(fs, ino, inuse, isdir);
}

int vx_inode_used(ext2_filsys fs, uint32_t ino)
{
	return ino > 0 && ino <= fs->super->s_inodes_count && fs->inode_map &&
		ext2fs_test_inode_bitmap2(fs->inode_map, ino);
}

/* MAX_REPEATS is more than the entries of one leaf on each of five levels. */
#define MAX_REPEATS (1 << 16)

/*
 * vx_extents lists up to max leaf extents from the one that holds or precedes block `from`. After a goto, the library's
 * NEXT_LEAF comes through the same leaves once more on its way up: those are skipped. Corrupt trees may loop, so that
 * has a bound.
 */
long vx_extents(ext2_filsys fs, uint32_t ino, void *raw, uint64_t from, struct vx_extent *out, int max, int *n)
{
	ext2_extent_handle_t h;
	struct ext2fs_extent e;
	uint64_t next = 0;
	errcode_t err = ext2fs_extent_open2(fs, ino, raw, &h);
	int repeats = 0;

	*n = 0;
	if (err)
		return err;
	err = ext2fs_extent_goto(h, from);
	if (err == EXT2_ET_EXTENT_NOT_FOUND)
		err = 0;
	if (!err)
		err = ext2fs_extent_get(h, EXT2_EXTENT_CURRENT, &e);
	while (!err && *n < max) {
		if (!(e.e_flags & EXT2_EXTENT_FLAGS_LEAF))
			break;
		if (e.e_lblk + e.e_len <= next && ++repeats < MAX_REPEATS) {
			err = ext2fs_extent_get(h, EXT2_EXTENT_NEXT_LEAF, &e);
			continue;
		}
		if (e.e_len == 0 || e.e_lblk < next || e.e_pblk + e.e_len > ext2fs_blocks_count(fs->super) ||
		    e.e_pblk < fs->super->s_first_data_block) {
			err = EXT2_ET_EXTENT_HEADER_BAD;
			break;
		}
		next = e.e_lblk + e.e_len;
		out[(*n)++] = (struct vx_extent){ e.e_lblk, e.e_pblk, e.e_len,
			!!(e.e_flags & EXT2_EXTENT_FLAGS_UNINIT) };
		err = ext2fs_extent_get(h, EXT2_EXTENT_NEXT_LEAF, &e);
	}
	ext2fs_extent_free(h);
	if (err == EXT2_ET_EXTENT_NO_NEXT || err == EXT2_ET_NO_CURRENT_NODE)
		err = 0;
	return err;
}

/*
 * vx_extent_map enters len blocks at pblk for the hole at lblk. The first block goes through set_bmap, which joins it
 * to a neighbour or splits nodes as needed; the extent it is then the last block of is lengthened.
 */
long vx_extent_map(ext2_filsys fs, uint32_t ino, void *raw, uint64_t lblk, uint64_t pblk, uint64_t len, int unwritten,
	uint64_t *done)
{
	ext2_extent_handle_t h;
	struct ext2fs_extent e;
	uint64_t max = unwritten ? (1 << 15) - 1 : 1 << 15;
	errcode_t err = ext2fs_extent_open2(fs, ino, raw, &h);

	*done = 0;
	if (err)
		return err;
	while (len > 0) {
		uint64_t more;
		err = ext2fs_extent_set_bmap(h, lblk, pblk, unwritten ? EXT2_EXTENT_SET_BMAP_UNINIT : 0);
		if (err)
			break;
		lblk++, pblk++, len--, ++*done;
		if (len == 0)
			break;
		err = ext2fs_extent_goto(h, lblk - 1);
		if (!err)
			err = ext2fs_extent_get(h, EXT2_EXTENT_CURRENT, &e);
		if (err)
			break;
		if (e.e_lblk + e.e_len != lblk || e.e_len >= max)
			continue;
		more = max - e.e_len < len ? max - e.e_len : len;
		e.e_len += more;
		err = ext2fs_extent_replace(h, 0, &e);
		if (err)
			break;
		lblk += more, pblk += more, len -= more, *done += more;
	}
	ext2fs_extent_free(h);
	return err;
}

long vx_bmap_alloc(ext2_filsys fs, uint32_t ino, void *raw, uint64_t lblk, uint64_t *pblk)
{
	blk64_t blk = 0;
	errcode_t err = ext2fs_bmap2(fs, ino, raw, NULL, BMAP_ALLOC, lblk, NULL, &blk);

	*pblk = blk;
	if (!err)
		blockio_drop(fs->io, blk, 1);
	return err;
}

long vx_bmap_written(ext2_filsys fs, uint32_t ino, void *raw, uint64_t lblk, uint64_t pblk)
{
	ext2_extent_handle_t h;
	errcode_t err = ext2fs_extent_open2(fs, ino, raw, &h);

	if (err)
		return err;
	err = ext2fs_extent_set_bmap(h, lblk, pblk, 0);
	ext2fs_extent_free(h);
	return err;
}

/*
 * lib/ext2fs/punch.c:punch_extent_blocks() takes the last block of the file system for one beyond it. With reach it
 * finds one block more; the bitmaps keep their bounds. Nothing may be allocated then.
 */
long vx_punch(ext2_filsys fs, uint32_t ino, void *raw, uint64_t first, uint64_t last, int reach)
{
	blk64_t blocks = ext2fs_blocks_count(fs->super);
	errcode_t err;

	if (reach)
		ext2fs_blocks_count_set(fs->super, blocks + 1);
	err = ext2fs_punch(fs, ino, raw, NULL, first, last);
	ext2fs_blocks_count_set(fs->super, blocks);
	return err;
}

long vx_new_range(ext2_filsys fs, uint64_t goal, uint64_t want, uint64_t *blk, uint64_t *got)
{
	blk64_t b = 0, n = 0;
	errcode_t err = ext2fs_new_range(fs, 0, goal, want, NULL, &b, &n);

	if (err)
		return err;
	ext2fs_block_alloc_stats_range(fs, b, n, +1);
	blockio_drop(fs->io, b, n);
	*blk = b;
	*got = n;
	return 0;
}

void vx_free_range(ext2_filsys fs, uint64_t blk, uint64_t n)
{
	ext2fs_block_alloc_stats_range(fs, blk, n, -1);
}

uint64_t vx_goal(ext2_filsys fs, uint32_t ino, void *raw, uint64_t lblk)
{
	return ext2fs_find_inode_goal(fs, ino, raw, lblk);
}

long vx_iblocks_add(ext2_filsys fs, void *raw, uint64_t n)
{
	return ext2fs_iblk_add_blocks(fs, raw, n);
}

long vx_read_block(ext2_filsys fs, uint64_t blk, void *buf)
{
	if (blk >= ext2fs_blocks_count(fs->super))
		return EXT2_ET_BAD_BLOCK_NUM;
	return io_channel_read_blk64(fs->io, blk, 1, buf);
}

long vx_read_dir(ext2_filsys fs, uint32_t ino, uint64_t blk, void *buf)
{
	if (blk >= ext2fs_blocks_count(fs->super))
		return EXT2_ET_BAD_BLOCK_NUM;
	return ext2fs_read_dir_block4(fs, blk, buf, 0, ino);
}

long vx_write_dir(ext2_filsys fs, uint32_t ino, uint64_t blk, void *buf)
{
	return ext2fs_write_dir_block4(fs, blk, buf, 0, ino);
}

long vx_dirhash(int version, const void *name, int len, const uint32_t *seed, uint32_t *hash, uint32_t *minor)
{
	return ext2fs_dirhash(version, name, len, seed, hash, minor);
}

/* vx_prefetch_inode reads the part of the inode table around ino, 16 blocks at an aligned place of it. */
void vx_prefetch_inode(ext2_filsys fs, uint32_t ino)
{
	uint32_t per = fs->super->s_inodes_per_group, group = (ino - 1) / per, n = 16;
	uint64_t first;

	if (ino == 0 || group >= fs->group_desc_count)
		return;
	first = (uint64_t)((ino - 1) % per) * EXT2_INODE_SIZE(fs->super) / fs->blocksize / n * n;
	if (n > fs->inode_blocks_per_group - first)
		n = fs->inode_blocks_per_group - first;
	blockio_prefetch(fs->io, ext2fs_inode_table_loc(fs, group) + first, n);
}

void vx_drop(ext2_filsys fs, uint64_t blk, uint64_t n)
{
	blockio_drop(fs->io, blk, n);
}

/* vx_group_free sums the free counts of the group descriptors, as ext4_count_free_clusters does at mount. */
uint64_t vx_group_free(ext2_filsys fs, uint64_t *inodes)
{
	uint64_t blocks = 0;

	*inodes = 0;
	for (dgrp_t g = 0; g < fs->group_desc_count; g++) {
		blocks += ext2fs_bg_free_blocks_count(fs, g);
		*inodes += ext2fs_bg_free_inodes_count(fs, g);
	}
	return EXT2FS_C2B(fs, blocks);
}

/* journal_blocks is the size of the internal journal; it is overhead too. */
static uint64_t journal_blocks(ext2_filsys fs)
{
	struct ext2_inode inode;

	if (!ext2fs_has_feature_journal(fs->super) || fs->super->s_journal_inum == 0 ||
	    fs->super->s_journal_dev != 0 || ext2fs_read_inode(fs, fs->super->s_journal_inum, &inode))
		return 0;
	return EXT2_I_SIZE(&inode) / fs->blocksize;
}

/* vx_overhead counts blocks that can never hold files, as fs/ext4/super.c:ext4_calculate_overhead. */
uint64_t vx_overhead(ext2_filsys fs)
{
	uint64_t n = fs->super->s_first_data_block;

	if (fs->super->s_overhead_clusters &&
	    EXT2FS_C2B(fs, (uint64_t)fs->super->s_overhead_clusters) < ext2fs_blocks_count(fs->super))
		return EXT2FS_C2B(fs, (uint64_t)fs->super->s_overhead_clusters);
	for (dgrp_t g = 0; g < fs->group_desc_count; g++) {
		blk64_t super, old, new;
		blk_t used = 0;

		ext2fs_super_and_bgd_loc2(fs, g, &super, &old, &new, &used);
		n += used + 2 + fs->inode_blocks_per_group;
	}
	return n + journal_blocks(fs);
}
