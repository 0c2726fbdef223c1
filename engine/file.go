// SPDX-License-Identifier: Apache-2.0

package engine

import "golang.org/x/sys/unix"

// File is an open file description of the module's. The engine keeps offset,
// status flags, access mode and the sharing by dup and fork.
type File interface {
	// Release is called once, after the last descriptor is closed and the last
	// mapping is gone.
	Release(c Call)
}

// FileReader reads. Without it read fails with EINVAL.
type FileReader interface {
	// ReadAt reads up to len(p) bytes at off. A short count is the end of the
	// file; io.EOF is not needed.
	ReadAt(c Call, p []byte, off int64) (int, error)
}

// FileWriter writes. Without it write fails with EINVAL.
type FileWriter interface {
	// WriteAt writes at off. A short count with a nil error is a short write.
	WriteAt(c Call, p []byte, off int64) (int, error)
}

// FileAppender writes at the end of the file, wherever that is by then. Without it
// the engine asks Stat for the size and uses WriteAt.
type FileAppender interface {
	Append(c Call, p []byte) (n int, off int64, err error)
}

// FileDirReader lists a directory.
type FileDirReader interface {
	// ReadDir calls emit for the entries behind the position pos, which is 0 or the Off of
	// an entry given before, until emit returns false or the end. "." and ".."
	// are included.
	ReadDir(c Call, pos int64, emit func(Dirent) bool) error
}

// Dirent is a directory entry (getdents64).
type Dirent struct {
	Ino  uint64
	Off  int64 // position behind this entry
	Type uint8 // DT_*
	Name string
}

// FileFlusher is told of each close(2) of a descriptor. Its error is the one
// close returns.
type FileFlusher interface {
	Flush(c Call) error
}

// FileSyncer is fsync and fdatasync. Without it there is nothing to do.
type FileSyncer interface {
	Fsync(c Call, dataOnly bool) error
}

// FileAllocater is fallocate(2) with FALLOC_FL_* in mode. Without it: EOPNOTSUPP.
type FileAllocater interface {
	Fallocate(c Call, mode uint32, off, length int64) error
}

// FileSeeker is lseek with SEEK_DATA and SEEK_HOLE. Without it the whole file is
// data with a hole at its end.
type FileSeeker interface {
	Seek(c Call, off int64, whence int) (int64, error)
}

// FileSizer gives the size that SEEK_END counts from where that is not st_size
// (block devices).
type FileSizer interface {
	Size(c Call) (int64, error)
}

// FileMapper is a file that not everybody may map. Without it, one that can be read can be mapped.
type FileMapper interface {
	// MayMap tells whether mmap(2) with MAP_SHARED, or with MAP_PRIVATE, is possible: nil or ENODEV.
	MayMap(shared bool) error
}

// FileIoctler is ioctl(2). Without it: ENOTTY.
type FileIoctler interface {
	// Ioctl gets the raw argument; guest memory is reached through m.
	Ioctl(c Call, m Memory, cmd uint32, arg uint64) (int, error)
}

// Memory is the memory of the calling guest. Errors are EFAULT; the count says how
// much was copied before.
type Memory interface {
	ReadAt(p []byte, addr uint64) (int, error)
	WriteAt(p []byte, addr uint64) (int, error)
}

// FileLocker does locks itself instead of the engine (a network file
// system). Without it locks are those of the view.
type FileLocker interface {
	// Lock is fcntl with F_GETLK, F_SETLK and F_SETLKW, and their OFD forms, for the lock owner.
	Lock(c Call, cmd int, owner uint64, lk *unix.Flock_t) error
	// Flock is flock(2).
	Flock(c Call, owner uint64, how int) error
}

// FileCopier is copy_file_range within one file system. Without it the engine
// reads and writes.
type FileCopier interface {
	CopyRange(c Call, off int64, to File, toOff, length int64) (int64, error)
}

// FilePoller is a file that is not always ready (poll(2)). What a guest has then is not the file's contents but only polls: it cannot
// be mapped, and below the numbers of virtual descriptors it cannot be read.
type FilePoller interface {
	// Poll tells which events there are (POLLIN, POLLOUT, ...). When they may have become others after that, changed is
	// called, which does not wait. The first Poll is before the file is used. Release may come while one is under way.
	//
	// Errors: at the first Poll EOPNOTSUPP says that the file is always ready. All others poll as POLLERR.
	Poll(c Call, changed func()) (events uint32, err error)
}

// HostFile is an open file that is the host's own: the engine hands this
// descriptor to the guest and is not involved any more. The engine takes
// ownership of the descriptor and closes its copy.
type HostFile interface {
	HostFD() int
}

// FileHoles is a file, or block device, of which it is known where it is all zeros.
type FileHoles interface {
	// Data is the next range that may hold something else, at off or behind. There is none if both ends are the size.
	Data(c Call, off int64) (start, end int64, err error)
}

// FileBacked is an open file that a file of the host's can stand for in all that is read and written: a disk over the whole of an image,
// or a device that does what the host's does. Guests have a descriptor of that file then, and read it natively.
type FileBacked interface {
	// Backing is a descriptor of that file, open for reading and writing, which is closed after Release. ok is false if this open
	// file has none.
	Backing() (fd int, ok bool)
	// Writing tells that a guest is about to write length bytes at off natively; if it returns false, it is to be done by
	// [FileWriter]. What guests write to mappings and to numbers that are not trapped is told of later.
	Writing(off, length int64) bool
}

// StreamFile is an open file whose data is a stream or a sequence of messages,
// not addressed by offset. The guest gets one end of a socket pair; read, write
// and poll on it are native.
type StreamFile interface {
	// Stream returns the descriptor for the guest. The engine takes ownership.
	Stream() (fd int, err error)
}

// StreamEnder is a StreamFile that knows when the guests have closed their end. Without it the file is not released
// before umvu ends.
type StreamEnder interface {
	// Ended is closed then. Release is called after that.
	Ended() <-chan struct{}
}

// StreamReadChecker is a StreamFile that is asked before a read through a descriptor whose calls the
// engine sees, which all are unless a guest moved one to a number below the zone.
type StreamReadChecker interface {
	// CheckRead gets the guest's descriptor and how many bytes the guest has room for. Its error is that of the call;
	// nil lets the kernel do it. It must not wait.
	CheckRead(c Call, fd, room int) error
}

// StreamStatuser is a StreamFile that is told of new status flags (O_NONBLOCK, ...) of such a descriptor.
type StreamStatuser interface {
	SetStatus(c Call, flags int)
}

// StreamWriter is a StreamFile that takes itself what is written through such a descriptor, instead of from the other end
// of the socket pair: so it can tell the writer what is wrong with it.
type StreamWriter interface {
	// MaxMessage is how many bytes one write can have: a longer one is EINVAL.
	MaxMessage() int
	// WriteMessage takes all of one write(2); p is valid until it returns. It must not wait.
	WriteMessage(c Call, p []byte) error
}
