// SPDX-License-Identifier: Apache-2.0

// Package fdesc keeps the open files of the view: the kernel objects that stand for
// virtual descriptors in the guests, and the page cache of virtual regular files.
//
// # Stand-ins
//
// Each virtual inode that is open has one stand-in file in a private tmpfs directory, and each open of it
// is a real open of that file through a hard link of its own, oN. What the
// kernel does with the descriptor in the guest (dup, fork, exec, SCM_RIGHTS, locks, mmap, close)
// is thereby native, and /proc/TID/fd/N names the open file ([Store.ByLink]). A
// directory has an empty directory of its own per open.
//
// A device that is a regular file of the host's has no stand-in: that file itself is what guests open, see backing.
//
// A file that is not always ready ([engine.FilePoller]) has instead, for each open of it, a fifo that polls as the file does.
//
// # Last close
//
// An inotify watch on the directory of the links tells of the last close: IN_CLOSE comes from
// the kernel's __fput (fs/file_table.c), when no descriptor, no mapping and no message in flight
// refers to the open file any more. Hence umvu must not keep a descriptor for an open
// file; a copy taken for the time of a call (pidfd_getfd) only delays the event. The queue of an inotify instance
// is bounded, and after an overflow nothing could tell which files are still open: a
// lock on the open file would (F_OFD_GETLK), but it collides with the guests' own locks on the whole
// file; leases break on open; and a look at all of /proc misses what is in flight. So an
// overflow is made impossible instead: an instance watches a directory of at most as many links as its
// queue has places, each link gives one event in its life, and when a directory is full the next is begun.
//
// # Offsets
//
// Every call that uses the offset of a virtual descriptor is trapped, because its data is not the
// kernel's. So the offset is kept here, in [Open], where it costs no
// pidfd_getfd per call (0.7 us, and refused in some containers), and not in the kernel's
// open file. Only a materialized file ([Open.Materialize]), whose reads and writes run natively, uses the
// kernel's. Status flags stay the kernel's: fcntl(F_SETFL) is native, and calls that depend on them
// take a descriptor fd of the same open file, or -1 for those last known ([Open.SetStatus]).
//
// # Numbers below the zone
//
// A descriptor that a guest puts at a number that is not trapped is used natively. A stream works there; a regular file
// is materialized; a device becomes an alias ([Open.Alias]).
//
// # Page cache
//
// The contents of a file are cached in its stand-in, in pages of 4 KiB; which are loaded is known by a bitmap. A page not
// loaded, and a loaded one of zeros, is a hole. Writes go to the file system first. What a guest
// has mapped is loaded, never dropped and, if shared and writable, compared with what was loaded
// whenever it may have to be written back, for nothing tells that it was changed.
// pread is used rather than a mapping of the stand-in, although it is most of what a cached read costs (85 % by
// profile): a mapping would fault in umvu whenever a mapped file is truncated or tmpfs is full, and would
// fill the holes it reads.
//
// # Locks
//
// Order: the offset of an Open, the write lock of an inode, Store.imu, inode.mu, then Store.mu, shard.mu and
// lru.mu, which are leaves. Only the first two are held while the file system is called, and a call
// that has to wait for them says [engine.Call.Block].
package fdesc
