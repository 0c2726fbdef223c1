// SPDX-License-Identifier: Apache-2.0

// Vufuseext2 mounts an ext2, ext3 or ext4 image as a FUSE server.
//
//	vufuseext2 [-h] [-o options] IMAGE MOUNTPOINT
//
// MOUNTPOINT is a directory, which is mounted with fusermount3, or /dev/fd/N: a FUSE channel that is already open,
// the kernel's /dev/fuse or, in a view, a SOCK_SEQPACKET socket on which one message is one request or one reply. The
// program stays in the foreground and ends when the file system is unmounted, the channel is closed, or on SIGTERM or
// SIGINT; in all cases what was written is on the image then.
//
// It is read-only unless asked otherwise with rw+, or rw and force. See vufuseext2(1).
//
// Three layers: internal/fserver speaks FUSE (go-fuse's low-level interface), internal/volume is the file system by
// inode number and explains the design, internal/libext2 binds libext2fs.
package main
