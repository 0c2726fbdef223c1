// SPDX-License-Identifier: Apache-2.0

#include "bridge.h"

#include <string.h>

/* SYSTEM_DATA holds the tail of inline data; it is not an attribute for users. */
#define SYSTEM_DATA "system.data"

static long open_attrs(ext2_filsys fs, uint32_t ino, struct ext2_xattr_handle **h)
{
	errcode_t err = ext2fs_xattrs_open(fs, ino, h);

	if (err)
		return err;
	err = ext2fs_xattrs_read(*h);
	if (err)
		ext2fs_xattrs_close(h);
	return err;
}

long vx_xattr_get(ext2_filsys fs, uint32_t ino, const char *name, void *buf, size_t max, size_t *size)
{
	struct ext2_xattr_handle *h;
	void *value = NULL;
	long err = open_attrs(fs, ino, &h);

	if (err)
		return err;
	err = ext2fs_xattr_get(h, name, &value, size);
	ext2fs_xattrs_close(&h);
	if (!err && *size <= max)
		memcpy(buf, value, *size);
	if (!err)
		ext2fs_free_mem(&value);
	return err;
}

struct list {
	char *buf;
	size_t max, size;
};

static int add_name(char *name, char *value, size_t len, void *arg)
{
	struct list *l = arg;
	size_t n = strlen(name) + 1;

	(void)value; (void)len;
	if (strcmp(name, SYSTEM_DATA) == 0)
		return 0;
	if (l->size + n <= l->max)
		memcpy(l->buf + l->size, name, n);
	l->size += n;
	return 0;
}

long vx_xattr_list(ext2_filsys fs, uint32_t ino, void *buf, size_t max, size_t *size)
{
	struct ext2_xattr_handle *h;
	struct list l = { buf, max, 0 };
	long err = open_attrs(fs, ino, &h);

	if (err)
		return err;
	err = ext2fs_xattrs_iterate(h, add_name, &l);
	ext2fs_xattrs_close(&h);
	*size = l.size;
	return err;
}

long vx_xattr_set(ext2_filsys fs, uint32_t ino, const char *name, const void *value, size_t size)
{
	struct ext2_xattr_handle *h;
	long err = open_attrs(fs, ino, &h);

	if (err)
		return err;
	err = ext2fs_xattr_set(h, name, value, size);
	ext2fs_xattrs_close(&h);
	return err;
}

long vx_xattr_remove(ext2_filsys fs, uint32_t ino, const char *name)
{
	struct ext2_xattr_handle *h;
	long err = open_attrs(fs, ino, &h);

	if (err)
		return err;
	err = ext2fs_xattr_remove(h, name);
	ext2fs_xattrs_close(&h);
	return err;
}

struct names {
	char *all[256];
	int n;
};

static int keep_name(char *name, char *value, size_t len, void *arg)
{
	struct names *l = arg;

	(void)value; (void)len;
	if (l->n < 256 && (l->all[l->n] = strdup(name)))
		l->n++;
	return 0;
}

/* drop_values removes every attribute, so that values kept in inodes of their own (ea_inode) lose a reference. */
static long drop_values(ext2_filsys fs, uint32_t ino)
{
	struct ext2_xattr_handle *h;
	struct names l = { .n = 0 };
	long err = open_attrs(fs, ino, &h);

	if (err)
		return err;
	err = ext2fs_xattrs_iterate(h, keep_name, &l);
	for (int i = 0; i < l.n; i++) {
		if (!err)
			err = ext2fs_xattr_remove(h, l.all[i]);
		free(l.all[i]);
	}
	ext2fs_xattrs_close(&h);
	return err;
}

long vx_xattr_free(ext2_filsys fs, uint32_t ino, void *raw, int size)
{
	long err;

	if (ext2fs_has_feature_ea_inode(fs->super)) {
		err = drop_values(fs, ino);
		if (err)
			return err;
		err = ext2fs_read_inode_full(fs, ino, raw, size);
		if (err)
			return err;
	}
	return ext2fs_free_ext_attr(fs, ino, raw);
}

long vx_inline_get(ext2_filsys fs, uint32_t ino, void *raw, void *buf, size_t max, size_t *size)
{
	size_t need = 0;
	errcode_t err = ext2fs_inline_data_size(fs, ino, &need);

	if (err)
		return err;
	if (need > max)
		return EXT2_ET_BAD_EA_BLOCK_NUM;
	return ext2fs_inline_data_get(fs, ino, raw, buf, size);
}

long vx_inline_set(ext2_filsys fs, uint32_t ino, void *raw, void *buf, size_t size)
{
	return ext2fs_inline_data_set(fs, ino, raw, buf, size);
}

long vx_inline_remove(ext2_filsys fs, uint32_t ino)
{
	long err = vx_xattr_remove(fs, ino, SYSTEM_DATA);

	return err == EXT2_ET_EA_KEY_NOT_FOUND ? 0 : err;
}
