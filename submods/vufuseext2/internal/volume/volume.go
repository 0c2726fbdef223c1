// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
	"vuos.dev/submods/vufuseext2/internal/libext2"
)

// Volume is an open file system. Its methods may be called at once from many goroutines, until Close.
//
// Errors are, or wrap, the syscall.Errno that the kernel's ext4 would give.
type Volume struct {
	image  *os.File
	offset int64
	rw     bool
	atime  Atime

	mu       sync.Mutex
	fs       *libext2.FS
	sb       super
	bsize    uint64
	overhead uint64 // blocks that statfs does not count
	state    uint16 // s_state as it was found
	inodes   map[uint32]*inode
	clock    uint64
	dirEnts  int      // entries in all cached directories
	orphans  []uint32 // in the order of the list on disk, head first
	roFree   [2]uint64
	retired  bool
	closed   bool

	stop chan struct{}
	done chan struct{}
}

// flushEvery is the kernel's default commit interval of ext4 (JBD2_DEFAULT_MAX_COMMIT_AGE).
const flushEvery = 5 * time.Second

func newVolume(f *os.File, fs *libext2.FS, o Options, write bool) *Volume {
	return &Volume{
		image:  f,
		offset: o.Offset,
		rw:     write,
		atime:  o.Atime,
		fs:     fs,
		sb:     fs.Superblock(),
		bsize:  uint64(fs.BlockSize()),
		inodes: make(map[uint32]*inode),
		stop:   make(chan struct{}),
		done:   make(chan struct{}),
	}
}

// start checks the root and, on a writable volume, marks the superblock as in use and begins flushing now and then.
func (v *Volume) start() error {
	v.overhead = v.fs.Overhead()
	root, err := v.get(rootIno)
	if err != nil {
		return err
	}
	if !root.isDir() {
		return unix.EUCLEAN
	}
	if !v.rw {
		v.roFree[0], v.roFree[1] = v.fs.GroupFree()
		close(v.done)
		return nil
	}
	v.state = v.sb.u16(sbState)
	v.sb.setU16(sbState, v.state&^stateValid)
	v.sb.setU16(sbMntCount, v.sb.u16(sbMntCount)+1)
	v.sb.setU32(sbMtime, uint32(time.Now().Unix()))
	v.fs.MarkSuperDirty()
	if err := v.flush(true); err != nil {
		return err
	}
	go v.flusher()
	return nil
}

func (v *Volume) flusher() {
	defer close(v.done)
	t := time.NewTicker(flushEvery)
	defer t.Stop()
	for {
		select {
		case <-v.stop:
			return
		case <-t.C:
		}
		v.mu.Lock()
		if v.fs.Dirty() {
			// What failed stays in the cache; the caller of the next Sync gets the error.
			_ = v.flush(false)
		}
		v.mu.Unlock()
	}
}

// flush writes what is cached to the image, and with sync waits for the image's storage. Called with mu held.
func (v *Volume) flush(sync bool) error {
	if !v.rw {
		return nil
	}
	if err := v.fs.Flush(); err != nil {
		return err
	}
	if sync {
		return v.syncImage()
	}
	return nil
}

// syncImage waits until the image's storage has what was written. Special files that have no such thing say EINVAL.
func (v *Volume) syncImage() error {
	err := unix.Fdatasync(int(v.image.Fd()))
	if err == unix.EINVAL || err == unix.ENOSYS {
		return nil
	}
	return err
}

// Sync returns when all that was written before is on the image's storage.
func (v *Volume) Sync() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.flush(true)
}

// Writable tells whether the volume is open for writing.
func (v *Volume) Writable() bool { return v.rw }

// Label is the volume's name, perhaps "".
func (v *Volume) Label() string {
	b := v.sb[sbVolumeName : sbVolumeName+16]
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}

// Close frees the orphans, puts everything on the image, marks the superblock as clean as it was found, and closes.
// Only the first call does so.
func (v *Volume) Close() error {
	v.mu.Lock()
	if v.closed {
		v.mu.Unlock()
		return nil
	}
	v.closed = true
	v.mu.Unlock()
	if v.rw {
		close(v.stop)
	}
	<-v.done

	v.mu.Lock()
	defer v.mu.Unlock()
	defer v.image.Close()
	if !v.rw {
		v.fs.Abandon()
		return nil
	}
	first := v.freeOrphans()
	keep := func(err error) {
		if first == nil {
			first = err
		}
	}
	keep(v.flush(true)) // before the superblock may say that all is well
	if first == nil {
		v.sb.setU16(sbState, v.state)
	}
	v.fs.MarkSuperDirty()
	keep(v.fs.Close())
	keep(v.syncImage())
	return first
}

// Retire begins the end while requests are still answered: from now on no file is opened or read, so no page of a
// mapped file comes back that somebody could change unseen. It gives the files that are open: what was written to
// their pages has to arrive before Close.
func (v *Volume) Retire() (open []uint32) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.retired = true
	for ino, in := range v.inodes {
		if in.opens > 0 && in.isReg() {
			open = append(open, ino)
		}
	}
	return open
}

// usable is asked first by every request: the volume may have been closed by a signal.
func (v *Volume) usable() error {
	if v.closed {
		return unix.ENOTCONN
	}
	return nil
}

// writable is asked before every change.
func (v *Volume) writable() error {
	if err := v.usable(); err != nil {
		return err
	}
	if !v.rw {
		return unix.EROFS
	}
	return nil
}
