/* SPDX-License-Identifier: Apache-2.0 */
/* blockio: an io_manager for libext2fs over a plain descriptor, with a write-back block cache. */
#ifndef BLOCKIO_H
#define BLOCKIO_H

#include <ext2fs/ext2fs.h>

/* blockio_manager opens channels by a name of the form "FD:OFFSET" (bytes). The descriptor stays the caller's. */
extern io_manager blockio_manager;

/* blockio_prefetch reads count blocks into the cache with one system call, as far as they are not there. */
void blockio_prefetch(io_channel ch, unsigned long long block, int count);

/* blockio_drop forgets cached copies, changed or not: the caller is about to write these blocks around the cache. */
void blockio_drop(io_channel ch, unsigned long long block, unsigned long long count);

/* blockio_dirty tells how many cached blocks are not on the image yet. */
int blockio_dirty(io_channel ch);

#endif
