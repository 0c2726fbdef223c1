// SPDX-License-Identifier: Apache-2.0

package vudev

import "vuos.dev/engine"

// Device is what a submodule implements. What else a device can do is in the optional interfaces below. All
// methods may be called from several goroutines at once; Close is the last call.
type Device interface {
	// ReadAt and WriteAt are as those of [engine.FileReader] and [engine.FileWriter]. Those of a block
	// device are only called for ranges within its size, and a short count without an error is EIO
	// to the guest.
	ReadAt(c engine.Call, p []byte, off int64) (int, error)
	WriteAt(c engine.Call, p []byte, off int64) (int, error)

	// Close ends the device when it is unmounted and no longer open.
	Close(c engine.Call)
}

// Sizer is a device with a size in bytes. A block device must have one.
type Sizer interface {
	Size(c engine.Call) (int64, error)
}

// Syncer puts what was written on stable storage. Without it there is nothing to do.
type Syncer interface {
	Sync(c engine.Call) error
}

// Discarder frees the storage of a range in bytes, which reads as zeros from then on. Without it, or
// if it returns EOPNOTSUPP, BLKDISCARD is refused and zeros are written where they are asked for.
type Discarder interface {
	Discard(c engine.Call, off, length int64) error
}

// ReadOnlyer tells whether a device refuses to be written. Without it a device is writable.
type ReadOnlyer interface {
	ReadOnly() bool
}

// Sparse is a block device of which it is known where it is all zeros.
type Sparse interface {
	// Data is as that of [engine.FileHoles]. EOPNOTSUPP if it is not known after all.
	Data(c engine.Call, off int64) (start, end int64, err error)
}

// Backed is a block device over a regular file of the host's, from its beginning to its end. Guests may read that file then.
type Backed interface {
	// Backing is as that of [engine.FileBacked].
	Backing() (fd int, ok bool)
}

// Twin is a character device that does what one of the host's does, as null and zero. Guests may use that one then.
type Twin interface {
	// Twin is the path of the host's.
	Twin() string
}

// Ioctler is ioctl(2) for what this package does not know.
type Ioctler interface {
	Ioctl(c engine.Call, m engine.Memory, cmd uint32, arg uint64) (int, error)
}
