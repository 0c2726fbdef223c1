// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"bytes"
	"math"
	"os"
	"strconv"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// backing is the host's file that an open file has in the place of a stand-in ([engine.FileBacked]): guests read it
// natively, without a copy.
//
// A stand-in is known by its name and its last close by inotify; the host's file is somebody else's and has neither. What
// can be told of one open file of it is a lock of the open file's own (F_OFD_SETLK of fcntl(2)): on one byte, far behind
// what any file holds, of which the offset is the name of the open file. The kernel carries it over dup, fork, exec and
// SCM_RIGHTS, shows it in /proc/TID/fdinfo/N, and gives it up when the last descriptor and the last mapping are gone; who
// waits for the byte then learns of it.
type backing struct {
	fd     int // umvu's own, of another open file of the same inode
	key    fileKey
	path   string // as /proc/self/fd shows it
	users  atomic.Int32
	unseen atomic.Bool // guests may have written natively
}

// fileKey is an inode of the host's.
type fileKey struct{ dev, ino uint64 }

// backings are the host's files that open files have as backings.
type backings struct {
	inodes map[fileKey]int // how many open files
	paths  map[string]bool // what they were called when they were opened
}

func (b *backings) add(k *backing) {
	if b.inodes == nil {
		b.inodes, b.paths = map[fileKey]int{}, map[string]bool{}
	}
	b.inodes[k.key]++
	b.paths[k.path] = true
}

func (b *backings) remove(k *backing) {
	if b.inodes[k.key]--; b.inodes[k.key] == 0 {
		delete(b.inodes, k.key)
		delete(b.paths, k.path)
	}
}

// tagged is where the bytes lie that tell open files apart; a hypervisor has those with its own number.
const tagged = 1 << 62

// idBits is how many bits of a tag are the number of the open file; those before are the pid (PID_MAX_LIMIT is 1<<22).
const idBits = 38

func tag(id uint64) int64 { return tagged | int64(os.Getpid())<<idBits | int64(id) }

// maxBacked bounds the open files that have a backing: a thread of umvu's waits for the end of each.
const maxBacked = 64

// openBacking opens the host's file for a guest and returns the descriptor, or -1 if there is none or it could not be told apart:
// then a stand-in does it.
func (o *Open) openBacking() int {
	const unlike = unix.O_DIRECT | unix.O_PATH // what the host's file would do in another way
	f, ok := o.File.(engine.FileBacked)
	if !ok || !o.Unwatched || o.Flags&unlike != 0 || o.Flags&accessMode == accessMode {
		return -1
	}
	host, ok := f.Backing()
	if !ok {
		return -1
	}
	if o.s.backed.Add(1) > maxBacked {
		o.s.backed.Add(-1)
		return -1
	}
	fd, err := o.tagBacking(host)
	if err != nil {
		o.s.backed.Add(-1)
		o.s.log(engine.LogDebug, "reading the host's file natively: %v", err)
		return -1
	}
	return fd
}

// tagBacking makes an open file of host's inode with the tag of o.
func (o *Open) tagBacking(host int) (fd int, err error) {
	own, err := unix.FcntlInt(uintptr(host), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	defer func() {
		if err != nil {
			unix.Close(own)
		}
	}()
	var st unix.Stat_t
	if err := unix.Fstat(own, &st); err != nil {
		return -1, err
	}
	link := "/proc/self/fd/" + strconv.Itoa(own)
	path, err := os.Readlink(link)
	if err != nil {
		return -1, err
	}
	fd, err = unix.Open(link, o.kernelFlags(), 0)
	if err != nil {
		return -1, err
	}
	o.link.id = o.s.nextID.Add(1)
	lock := o.tagLock(unix.F_RDLCK)
	if o.mayWrite() {
		lock.Type = unix.F_WRLCK
	}
	if err := unix.FcntlFlock(uintptr(fd), unix.F_OFD_SETLK, &lock); err != nil {
		unix.Close(fd)
		return -1, err
	}
	o.backing = &backing{fd: own, key: fileKey{st.Dev, st.Ino}, path: path}
	o.backing.users.Store(2)
	o.native.Store(true)
	return fd, nil
}

func (o *Open) tagLock(typ int16) unix.Flock_t {
	return unix.Flock_t{Type: typ, Start: tag(o.link.id), Len: 1}
}

// put ends the use of the descriptor by one of two: the open file, and who waits for its last close.
func (b *backing) put(s *Store) {
	if b.users.Add(-1) == 0 {
		unix.Close(b.fd)
		s.backed.Add(-1)
	}
}

// awaitClose waits for the last close of an open file with a backing.
func (o *Open) awaitClose() {
	b := o.backing
	defer b.put(o.s)
	for {
		lock := o.tagLock(unix.F_WRLCK)
		err := unix.FcntlFlock(uintptr(b.fd), unix.F_OFD_SETLKW, &lock)
		if err == nil {
			break
		}
		if err != unix.EINTR {
			o.s.log(engine.LogErr, "waiting for the last close of %v: %v", o, err)
			return
		}
	}
	lock := o.tagLock(unix.F_UNLCK)
	_ = unix.FcntlFlock(uintptr(b.fd), unix.F_OFD_SETLK, &lock)
	o.s.linkClosed(o.link.id)
}

// closedBacked handles the last closes of files with a backing that have happened up to now.
func (s *Store) closedBacked() {
	if !s.AnyBacked() {
		return
	}
	s.Each(func(o *Open) {
		if o.backing == nil {
			return
		}
		// If it is released meanwhile, this may ask of another file, and linkClosed knows nothing of it.
		lock := o.tagLock(unix.F_WRLCK)
		if err := unix.FcntlFlock(uintptr(o.backing.fd), unix.F_OFD_GETLK, &lock); err == nil && lock.Type == unix.F_UNLCK {
			s.linkClosed(o.link.id)
		}
	})
}

// AnyBacked tells whether there are open files with a backing.
func (s *Store) AnyBacked() bool { return s.backed.Load() > 0 }

// Backs tells whether a file of the host's is the backing of an open file. path is what it is called by now, and inode looks which it is:
// that is seldom necessary.
func (s *Store) Backs(path []byte, inode func() (dev, ino uint64, err error)) bool {
	s.mu.RLock()
	known := s.backings.paths[string(path)]
	s.mu.RUnlock()
	if known {
		return true
	}
	dev, ino, err := inode()
	if err != nil {
		return false
	}
	key := fileKey{dev, ino}
	s.mu.RLock()
	known = s.backings.inodes[key] > 0
	s.mu.RUnlock()
	return known
}

// ByTag finds an open file by what the kernel tells of a descriptor of it (proc_pid_fdinfo(5)), or returns nil.
func (s *Store) ByTag(fdinfo []byte) *Open {
	// lock:	1: OFDLCK ADVISORY  WRITE -1 fe:00:7 4611686018427387910 4611686018427387910
	for line := range bytes.Lines(fdinfo) {
		f := bytes.Fields(line)
		if len(f) != 9 || string(f[0]) != "lock:" || string(f[2]) != "OFDLCK" || !bytes.Equal(f[7], f[8]) {
			continue
		}
		at, err := strconv.ParseInt(string(f[7]), 10, 64)
		if err != nil {
			continue
		}
		id := uint64(at) & (1<<idBits - 1)
		s.mu.RLock()
		o := s.opens[id]
		s.mu.RUnlock()
		if o != nil && o.backing != nil && tag(id) == at {
			return o
		}
	}
	return nil
}

// Backed tells whether the guests' descriptors are of a file of the host's.
func (o *Open) Backed() bool { return o.backing != nil }

// LockLimit is the offset from which on the byte ranges of an open file cannot be locked, because those bytes tell open files
// with a backing apart.
func (o *Open) LockLimit() int64 {
	if o.backing != nil {
		return tagged
	}
	return math.MaxInt64
}

// writeBacked writes at the offset of the open file, which the kernel has.
func (o *Open) writeBacked(c engine.Call, fd int, p []byte, rwf int) (int, error) {
	pos, err := unix.Seek(fd, 0, unix.SEEK_CUR)
	if err != nil {
		return 0, err
	}
	n, end, err := o.write(c, p, pos, o.appends(fd, rwf))
	if n > 0 {
		_, _ = unix.Seek(fd, end, unix.SEEK_SET)
	}
	return n, err
}

// WritesNatively tells whether a write of length bytes at off through a descriptor of the open file is the kernel's to do.
func (o *Open) WritesNatively(off, length int64) bool {
	return o.backing != nil && o.mayWrite() && o.File.(engine.FileBacked).Writing(off, length)
}

// mayWriteUnseen notes that guests have got a way to write that is not noticed: a mapping, or a number that is not trapped.
func (o *Open) mayWriteUnseen() {
	if o.mayWrite() {
		o.backing.unseen.Store(true)
	}
}

// adoptBacking looks at what guests have written natively. What is behind the end of a device, where only unseen writes and those of
// threads that share an offset get to, is cut off again; that there was no space is for this fsync or close to tell.
func (o *Open) adoptBacking(c engine.Call) {
	if o.backing == nil || !o.mayWrite() {
		return
	}
	size, err := trueSize(c, o.Node, o.File)
	if err != nil {
		return
	}
	if o.backing.unseen.Load() {
		o.File.(engine.FileBacked).Writing(0, size)
	}
	var st unix.Stat_t
	if unix.Fstat(o.backing.fd, &st) != nil || st.Size <= size {
		return
	}
	if err := unix.Ftruncate(o.backing.fd, size); err == nil {
		_ = o.ino.failed(unix.ENOSPC)
	}
}
