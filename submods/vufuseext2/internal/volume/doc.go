// SPDX-License-Identifier: Apache-2.0

// Package volume is an ext2, ext3 or ext4 file system in an image: files, directories and attributes by inode
// number, without FUSE.
//
// Division of work. libext2fs (package libext2) opens and checks the file system, keeps the bitmaps, inodes and
// extent trees, and makes all checksums. This package decodes inodes, parses and changes directories (hash trees
// included) and moves file data itself: data is read and written directly on the image's descriptor, in runs as long
// as the extents are.
//
// Locks. Volume.mu guards everything, libext2fs included, which is not made for threads. The one thing done without
// it is reading file data: Read finds the blocks under mu, takes inode.io for reading and lets mu go; who gives blocks
// of that file away takes inode.io for writing. Lock order: mu, then inode.io.
//
// Writing. An inode that changes is written at once, but only to libext2's block cache; the cache and the bitmaps
// reach the image on Sync, every few seconds, and on Close. There is no journal: while a volume is open for writing its
// superblock is marked as not valid, so that after a crash e2fsck repairs it. Files that are unlinked while open are
// on the superblock's orphan list, as the kernel keeps it, and e2fsck frees them.
//
// Images are not trusted. Numbers from the image are checked where they are used; damage is EUCLEAN, a bad checksum
// EBADMSG, as from the kernel, for the operation that meets it.
package volume
