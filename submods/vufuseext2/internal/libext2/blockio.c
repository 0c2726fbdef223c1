// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "blockio.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * The cache is set-associative: block B may sit in any of WAYS slots of set B mod sets, so that a run of blocks
 * spreads over neighbouring sets and a lookup is a few comparisons. Data blocks of files do not come here: they are
 * read and written directly on the descriptor, and dropped here first.
 */
#define CACHE_BYTES (16 << 20)
#define WAYS 4
#define SINGLE_MAX 16	/* longer transfers bypass the cache */
#define PREFETCH_MAX 64

struct slot {
	unsigned long long block;
	uint32_t used;		/* clock of the last use */
	uint8_t valid, dirty;
};

struct bio {
	int fd;
	uint64_t offset;
	int nslots, nsets, ndirty;
	uint32_t clock;
	struct slot *slots;
	char *data;		/* nslots blocks */
	char *bounce;		/* PREFETCH_MAX blocks */
	struct struct_io_stats stats;
};

static errcode_t bio_read_raw(io_channel ch, unsigned long long pos, size_t len, char *buf)
{
	struct bio *b = ch->private_data;
	size_t done = 0;

	if (pos > INT64_MAX - b->offset - len)
		return EXT2_ET_SHORT_READ;
	while (done < len) {
		ssize_t n = pread(b->fd, buf + done, len - done, b->offset + pos + done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0) {
			memset(buf + done, 0, len - done);
			return EXT2_ET_SHORT_READ;
		}
		done += n;
	}
	b->stats.bytes_read += len;
	return 0;
}

static errcode_t bio_write_raw(io_channel ch, unsigned long long pos, size_t len, const char *buf)
{
	struct bio *b = ch->private_data;
	size_t done = 0;

	if (pos > INT64_MAX - b->offset - len)
		return EXT2_ET_SHORT_WRITE;
	while (done < len) {
		ssize_t n = pwrite(b->fd, buf + done, len - done, b->offset + pos + done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			return EXT2_ET_SHORT_WRITE;
		done += n;
	}
	b->stats.bytes_written += len;
	return 0;
}

static char *slot_data(io_channel ch, struct slot *s)
{
	struct bio *b = ch->private_data;
	return b->data + (size_t)(s - b->slots) * ch->block_size;
}

static struct slot *slot_find(struct bio *b, unsigned long long block)
{
	struct slot *s = b->slots + (block % b->nsets) * WAYS;

	for (int i = 0; i < WAYS; i++, s++)
		if (s->valid && s->block == block) {
			s->used = ++b->clock;
			return s;
		}
	return NULL;
}

static errcode_t slot_clean(io_channel ch, struct slot *s)
{
	struct bio *b = ch->private_data;
	errcode_t err;

	if (!s->valid || !s->dirty)
		return 0;
	err = bio_write_raw(ch, s->block * ch->block_size, ch->block_size, slot_data(ch, s));
	if (err)
		return err;
	s->dirty = 0;
	b->ndirty--;
	return 0;
}

/* slot_take frees the least recently used slot of the block's set and gives it to block. */
static errcode_t slot_take(io_channel ch, unsigned long long block, struct slot **ret)
{
	struct bio *b = ch->private_data;
	struct slot *set = b->slots + (block % b->nsets) * WAYS, *best = set;
	errcode_t err;

	for (int i = 0; i < WAYS; i++) {
		if (!set[i].valid) {
			best = set + i;
			break;
		}
		if ((int32_t)(set[i].used - best->used) < 0)
			best = set + i;
	}
	err = slot_clean(ch, best);
	if (err)
		return err;
	best->block = block;
	best->valid = 1;
	best->used = ++b->clock;
	*ret = best;
	return 0;
}

static void slot_forget(struct bio *b, struct slot *s)
{
	if (s->dirty)
		b->ndirty--;
	s->valid = s->dirty = 0;
}

static int by_block(const void *x, const void *y)
{
	const struct slot *a = *(struct slot *const *)x, *b = *(struct slot *const *)y;
	return a->block < b->block ? -1 : a->block > b->block;
}

/* write_run writes n slots with consecutive block numbers in one call; what that leaves is written one by one. */
static errcode_t write_run(io_channel ch, struct slot **run, int n)
{
	struct bio *b = ch->private_data;
	struct iovec iov[PREFETCH_MAX] = { 0 };
	errcode_t err, first = 0;
	ssize_t want = (ssize_t)n * ch->block_size;

	for (int i = 0; i < n; i++)
		iov[i] = (struct iovec){ slot_data(ch, run[i]), ch->block_size };
	if (pwritev(b->fd, iov, n, b->offset + run[0]->block * ch->block_size) == want) {
		b->stats.bytes_written += want;
		for (int i = 0; i < n; i++)
			run[i]->dirty = 0;
		b->ndirty -= n;
		return 0;
	}
	for (int i = 0; i < n; i++) {
		err = slot_clean(ch, run[i]);
		if (err && !first)
			first = err;
	}
	return first;
}

static errcode_t bio_flush(io_channel ch)
{
	struct bio *b = ch->private_data;
	struct slot **list;
	errcode_t err, first = 0;
	int n = 0;

	if (b->ndirty == 0)
		return 0;
	list = malloc(b->nslots * sizeof(*list));
	if (!list)
		return EXT2_ET_NO_MEMORY;
	for (int i = 0; i < b->nslots; i++)
		if (b->slots[i].valid && b->slots[i].dirty)
			list[n++] = b->slots + i;
	qsort(list, n, sizeof(*list), by_block);
	for (int i = 0, j; i < n; i = j) {
		for (j = i + 1; j < n && j - i < PREFETCH_MAX && list[j]->block == list[j - 1]->block + 1; j++)
			;
		err = write_run(ch, list + i, j - i);
		if (err && !first)
			first = err;
	}
	free(list);
	return first;
}

static errcode_t bio_set_blksize(io_channel ch, int size)
{
	struct bio *b = ch->private_data;
	errcode_t err;

	if (size == ch->block_size && b->slots)
		return 0;
	if (b->slots) {
		err = bio_flush(ch);
		if (err)
			return err;
	}
	free(b->slots);
	free(b->data);
	free(b->bounce);
	b->nslots = CACHE_BYTES / size;
	b->nsets = b->nslots / WAYS;
	b->slots = calloc(b->nslots, sizeof(*b->slots));
	b->data = malloc((size_t)b->nslots * size);
	b->bounce = malloc((size_t)PREFETCH_MAX * size);
	ch->block_size = size;
	return b->slots && b->data && b->bounce ? 0 : EXT2_ET_NO_MEMORY;
}

static errcode_t bio_open(const char *name, int flags, io_channel *ret)
{
	io_channel ch = calloc(1, sizeof(*ch));
	struct bio *b = calloc(1, sizeof(*b));
	errcode_t err = EXT2_ET_NO_MEMORY;
	int n = 0;

	(void)flags;
	if (!ch || !b)
		goto fail;
	err = EXT2_ET_BAD_DEVICE_NAME;
	if (sscanf(name, "%d:%" SCNu64 "%n", &b->fd, &b->offset, &n) != 2 || name[n] != '\0')
		goto fail;
	err = EXT2_ET_NO_MEMORY;
	ch->magic = EXT2_ET_MAGIC_IO_CHANNEL;
	ch->manager = blockio_manager;
	ch->name = strdup(name);
	ch->refcount = 1;
	ch->private_data = b;
	b->stats.num_fields = 2;
	if (!ch->name)
		goto fail;
	err = bio_set_blksize(ch, 1024);
	if (err)
		goto fail;
	*ret = ch;
	return 0;
fail:
	if (ch)
		free(ch->name);
	if (b) {
		free(b->slots);
		free(b->data);
		free(b->bounce);
	}
	free(b);
	free(ch);
	return err;
}

static errcode_t bio_close(io_channel ch)
{
	struct bio *b = ch->private_data;
	errcode_t err;

	if (--ch->refcount > 0)
		return 0;
	err = bio_flush(ch);
	free(b->slots);
	free(b->data);
	free(b->bounce);
	free(b);
	free(ch->name);
	free(ch);
	return err;
}

/* clean_range puts changed blocks of a range on the image, before it is read around the cache. */
static errcode_t clean_range(io_channel ch, unsigned long long block, unsigned long long count)
{
	struct bio *b = ch->private_data;
	errcode_t err;

	for (unsigned long long i = 0; b->ndirty > 0 && i < count; i++) {
		struct slot *s = slot_find(b, block + i);
		if (s && (err = slot_clean(ch, s)))
			return err;
	}
	return 0;
}

static errcode_t bio_read_blk64(io_channel ch, unsigned long long block, int count, void *data)
{
	struct bio *b = ch->private_data;
	char *out = data;
	struct slot *s;
	errcode_t err;

	if (count < 0 || count > SINGLE_MAX) {
		size_t len = count < 0 ? (size_t)-(long)count : (size_t)count * ch->block_size;
		err = clean_range(ch, block, (len + ch->block_size - 1) / ch->block_size);
		return err ? err : bio_read_raw(ch, block * ch->block_size, len, out);
	}
	for (int i = 0; i < count; i++, out += ch->block_size) {
		s = slot_find(b, block + i);
		if (!s) {
			err = slot_take(ch, block + i, &s);
			if (err)
				return err;
			err = bio_read_raw(ch, s->block * ch->block_size, ch->block_size, slot_data(ch, s));
			if (err) {
				memcpy(out, slot_data(ch, s), ch->block_size);
				slot_forget(b, s);
				return err;
			}
		}
		memcpy(out, slot_data(ch, s), ch->block_size);
	}
	return 0;
}

static errcode_t bio_write_blk64(io_channel ch, unsigned long long block, int count, const void *data)
{
	struct bio *b = ch->private_data;
	const char *in = data;
	struct slot *s;
	errcode_t err;

	if (count < 0 || count > SINGLE_MAX) {
		size_t len = count < 0 ? (size_t)-(long)count : (size_t)count * ch->block_size;
		err = clean_range(ch, block, (len + ch->block_size - 1) / ch->block_size);
		if (err)
			return err;
		blockio_drop(ch, block, (len + ch->block_size - 1) / ch->block_size);
		return bio_write_raw(ch, block * ch->block_size, len, in);
	}
	for (int i = 0; i < count; i++, in += ch->block_size) {
		s = slot_find(b, block + i);
		if (!s && (err = slot_take(ch, block + i, &s)))
			return err;
		memcpy(slot_data(ch, s), in, ch->block_size);
		if (!s->dirty) {
			s->dirty = 1;
			b->ndirty++;
		}
	}
	return 0;
}

static errcode_t bio_read_blk(io_channel ch, unsigned long block, int count, void *data)
{
	return bio_read_blk64(ch, block, count, data);
}

static errcode_t bio_write_blk(io_channel ch, unsigned long block, int count, const void *data)
{
	return bio_write_blk64(ch, block, count, data);
}

/* bio_write_byte writes bytes at a byte position: libext2fs puts the primary superblock in place with it. */
static errcode_t bio_write_byte(io_channel ch, unsigned long pos, int size, const void *data)
{
	unsigned long long first = pos / ch->block_size, last = (pos + size - 1) / ch->block_size;
	errcode_t err = clean_range(ch, first, last - first + 1);

	if (err)
		return err;
	blockio_drop(ch, first, last - first + 1);
	return bio_write_raw(ch, pos, size, data);
}

static errcode_t bio_set_option(io_channel ch, const char *option, const char *arg)
{
	(void)ch; (void)option; (void)arg;
	return EXT2_ET_INVALID_ARGUMENT;
}

static errcode_t bio_get_stats(io_channel ch, io_stats *stats)
{
	struct bio *b = ch->private_data;
	if (stats)
		*stats = &b->stats;
	return 0;
}

static errcode_t bio_readahead(io_channel ch, unsigned long long block, unsigned long long count)
{
	blockio_prefetch(ch, block, count > PREFETCH_MAX ? PREFETCH_MAX : (int)count);
	return 0;
}

static struct struct_io_manager manager = {
	.magic = EXT2_ET_MAGIC_IO_MANAGER,
	.name = "vufuseext2 block I/O",
	.open = bio_open,
	.close = bio_close,
	.set_blksize = bio_set_blksize,
	.read_blk = bio_read_blk,
	.write_blk = bio_write_blk,
	.flush = bio_flush,
	.write_byte = bio_write_byte,
	.set_option = bio_set_option,
	.get_stats = bio_get_stats,
	.read_blk64 = bio_read_blk64,
	.write_blk64 = bio_write_blk64,
	.cache_readahead = bio_readahead,
};

io_manager blockio_manager = &manager;

void blockio_prefetch(io_channel ch, unsigned long long block, int count)
{
	struct bio *b = ch->private_data;
	struct slot *s;

	if (count > PREFETCH_MAX)
		count = PREFETCH_MAX;
	while (count > 0 && slot_find(b, block)) {
		block++;
		count--;
	}
	if (count == 0 || bio_read_raw(ch, block * ch->block_size, (size_t)count * ch->block_size, b->bounce))
		return;
	for (int i = 0; i < count; i++) {
		if (slot_find(b, block + i) || slot_take(ch, block + i, &s))
			continue;
		memcpy(slot_data(ch, s), b->bounce + (size_t)i * ch->block_size, ch->block_size);
	}
}

void blockio_drop(io_channel ch, unsigned long long block, unsigned long long count)
{
	struct bio *b = ch->private_data;

	for (unsigned long long i = 0; i < count; i++) {
		struct slot *s = slot_find(b, block + i);
		if (s)
			slot_forget(b, s);
	}
}

int blockio_dirty(io_channel ch)
{
	return ((struct bio *)ch->private_data)->ndirty;
}
