// SPDX-License-Identifier: Apache-2.0

// Package watch lets guests watch virtual inodes with inotify(7).
//
// An inotify instance is the kernel's, so only the kernel can put events into its queue. For a virtual inode that is
// watched there is hence a shadow: a file or directory in umvu's private directory, on which the guest's own
// instance gets the watch. What guests do to the inode is done to the shadow as well, and the
// kernel makes the events: descriptors, masks, cookies, merging and queueing are its own.
//
//   - A directory that is watched has a shadow entry for each of its own. They have to be there before the
//     watch, since nothing can be put into a watched directory without an event.
//   - Shadows of directories lie in each other as the inodes do, from the root of the mount on, since moving one is an
//     event for who watches it.
//   - To read is to set the time of last access, to write that of the last change: these are IN_ACCESS and IN_MODIFY
//     (include/linux/fsnotify.h:fsnotify_change()), and need no open file.
//   - An open file has the shadow open for as long (IN_OPEN, IN_CLOSE_*).
//
// What a server or another machine changes makes no events, as on the kernel's FUSE and NFS. An entry that appeared
// so is announced (IN_CREATE) when a guest first uses it.
package watch
