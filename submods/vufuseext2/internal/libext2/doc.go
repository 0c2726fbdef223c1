// SPDX-License-Identifier: Apache-2.0

// Package libext2 binds the parts of libext2fs (LGPL, linked dynamically) that the ext2/3/4 server uses.
//
// The library is used for what must agree with e2fsprogs bit by bit: opening and checking the superblock and the
// group descriptors, bitmaps and their checksums, inodes, extent trees, extended attributes. Its block I/O goes
// through an io_manager of our own (blockio.c): pread and pwrite on a descriptor at a byte offset, with a write-back
// cache. Contents of files do not pass through it.
//
// Nothing here is safe for concurrent use: package volume holds one lock over all calls.
package libext2
