// SPDX-License-Identifier: Apache-2.0

package engine

import "golang.org/x/sys/unix"

// FileSystem is something mounted.
type FileSystem interface {
	// Root is the inode at the mount point. It is a directory for most; a
	// regular file, a device or a stack may be mounted on a file.
	Root() Node

	// Unmount ends the file system. It is called once, when the mount is gone
	// from the view and no file of it is open. What was synced is safe when it
	// returns.
	Unmount(c Call) error
}

// FileSystemShower gives the options shown in /proc/mounts. Without it the
// options given at mount time are shown.
type FileSystemShower interface {
	ShowOptions() string
}

// FileSystemStatfser is statfs(2). Without it a file system of no size is shown.
type FileSystemStatfser interface {
	Statfs(c Call, n Node, st *unix.Statfs_t) error
}

// BoundFileSystem is a part of another file system that is seen at a second place, see [View].
type BoundFileSystem interface {
	FileSystem
	FileSystemStatfser
	FileSystemSyncer
}

// FileSystemSyncer is syncfs(2): all that was written is on stable storage when
// it returns. Without it syncfs has nothing to do.
type FileSystemSyncer interface {
	Syncfs(c Call) error
}

// FileSystemOwner tells which inodes are its own, so that what is cached of them goes with the mount. Without it they
// are dropped when the cache is full.
type FileSystemOwner interface {
	// Owns must not call back into the engine.
	Owns(n Node) bool
}

// FileSystemDevicer tells the device number (st_dev) of a file system, for the list of mounts, without waiting for
// anything: who reads that list is not at the mercy of a server. Without it the root is looked at.
type FileSystemDevicer interface {
	Dev() uint64
}

// FileSystemBusier refuses a unmount(2) without MNT_DETACH or MNT_FORCE with EBUSY for reasons
// of its own, besides open files and working directories that the engine knows.
type FileSystemBusier interface {
	Busy() bool
}

// FileSystemAborter is umount2(2) with MNT_FORCE: what waits for the server fails with
// an error now. Without it MNT_FORCE is ignored.
type FileSystemAborter interface {
	Abort()
}

// FileSystemLister tells whether the mount point is to be listed in its parent
// directory although nothing on the host has that name (devices, stacks).
type FileSystemLister interface {
	Listed() bool
}

// FileSystemDriver is a mounted device that device nodes stored in virtual file systems may mean by its number. Without it, or if
// ok is false, it is only found by its path.
type FileSystemDriver interface {
	// Drives returns the type, S_IFBLK or S_IFCHR, and number (st_rdev) of the device.
	Drives() (typ uint32, rdev uint64, ok bool)
}

// FileSystemPart is a file system that only completes another one: files of /proc and /sys that tell of a device. It is not
// shown in /proc/mounts, umount(2) does not find it, and it goes when it is detached, though files of
// it be open.
type FileSystemPart interface {
	PartOfOther() bool
}

// Pages is the engine's cache of a regular file's contents. Offsets and lengths are in
// bytes. A negative length means to the end of the file.
type Pages interface {
	// Invalidate drops what is cached, except what a guest has mapped or what
	// waits to be written back.
	Invalidate(off, length int64)
	// Store puts data into the cache as if it had been read from the file.
	Store(off int64, p []byte)
	// Zero tells that a range, within the file, reads as zeros now, mapped or not.
	Zero(off, length int64)
	// Retrieve copies cached data; the count ends at the first byte not cached.
	Retrieve(off int64, p []byte) int
	// Resize tells that the file has another size now.
	Resize(size int64)
}
