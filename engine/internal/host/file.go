// SPDX-License-Identifier: Apache-2.0

package host

import (
	"bytes"
	"encoding/binary"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
)

// File is an open file of the host. The guest gets the descriptor itself; the other
// methods are for modules that read and write.
type File struct {
	fd int
	// Reads and writes have no RWF_NOWAIT. They are told apart because many file systems, ext4 among them, have it for
	// reads only.
	readsWait, writesWait atomic.Bool
	slow                  atomic.Int32 // transfers that are expected to wait because one did
	dir                   sync.Mutex   // directory reading uses the descriptor's own offset
}

var (
	_ engine.HostFile      = (*File)(nil)
	_ engine.FileReader    = (*File)(nil)
	_ engine.FileWriter    = (*File)(nil)
	_ engine.FileDirReader = (*File)(nil)
	_ engine.FileSyncer    = (*File)(nil)
	_ engine.FileAllocater = (*File)(nil)
	_ engine.FileSeeker    = (*File)(nil)
	_ engine.FileSizer     = (*File)(nil)
	_ engine.NodeTmpfiler  = Node{}
)

// NewFile wraps an open descriptor, which it owns from then on.
func NewFile(fd int) *File { return &File{fd: fd} }

// Open implements engine.NodeOpener.
func (n Node) Open(c engine.Call, flags int) (engine.File, error) { return n.open(c, flags, 0) }

// Create implements engine.NodeCreater.
func (n Node) Create(c engine.Call, name string, flags int, mode uint32) (engine.Node, engine.File, error) {
	made := n.child(name, unix.S_IFREG)
	f, err := made.open(c, flags|unix.O_CREAT|unix.O_EXCL, mode)
	if err != nil {
		return nil, nil, err
	}
	return made, f, nil
}

// Tmpfile implements engine.NodeTmpfiler. The inode is known by its descriptor alone.
func (n Node) Tmpfile(c engine.Call, flags int, mode uint32) (engine.Node, engine.File, error) {
	f, err := n.open(c, flags|unix.O_TMPFILE, mode)
	if err != nil {
		return nil, nil, err
	}
	return n, f, nil
}

// open may wait for the other side of a fifo, or for a device; for anything else seldom.
func (n Node) open(c engine.Call, flags int, mode uint32) (*File, error) {
	fd := -1
	if n.typ != unix.S_IFREG && n.typ != unix.S_IFDIR {
		c.Block()
	}
	err := n.do(c, func(p place) (err error) {
		p = n.follow(p)
		fd, err = unix.Openat(p.dirfd, p.path, flags|unix.O_CLOEXEC|unix.O_NOCTTY, mode)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &File{fd: fd}, nil
}

// HostFD implements engine.HostFile.
func (f *File) HostFD() int { return f.fd }

// Written tells whether the file is open for writing somewhere: a lease for reading is refused then. Where umvu may not
// have one it is false.
func (f *File) Written() bool {
	_, err := unix.FcntlInt(uintptr(f.fd), unix.F_SETLEASE, unix.F_RDLCK)
	if err == nil {
		_, _ = unix.FcntlInt(uintptr(f.fd), unix.F_SETLEASE, unix.F_UNLCK)
	}
	return err == unix.EAGAIN
}

// Release implements engine.File.
func (f *File) Release(engine.Call) { unix.Close(f.fd) }

// ReadAt implements engine.FileReader. It reads until p is full or the file ends.
func (f *File) ReadAt(c engine.Call, p []byte, off int64) (int, error) {
	return f.transfer(c, transfer{unix.Preadv2, unix.Pread, &f.readsWait}, p, off)
}

// WriteAt implements engine.FileWriter.
func (f *File) WriteAt(c engine.Call, p []byte, off int64) (int, error) {
	return f.transfer(c, transfer{unix.Pwritev2, unix.Pwrite, &f.writesWait}, p, off)
}

// transfer is reading or writing.
type transfer struct {
	vectored func(fd int, v [][]byte, off int64, flags int) (int, error)
	plain    func(fd int, p []byte, off int64) (int, error)
	waits    *atomic.Bool
}

// transfer moves all of p, or as much as there is: first what the kernel has at hand, then the rest, for which it may
// have to wait. An error counts only where nothing was moved.
func (f *File) transfer(c engine.Call, t transfer, p []byte, off int64) (int, error) {
	done := t.atOnce(f.fd, p, off)
	if done == len(p) {
		return done, nil
	}
	patient, ok := c.(Patient)
	if !ok || !t.waits.Load() || f.isSlow() {
		c.Block()
		return t.all(f.fd, p, off, done)
	}
	var err error
	if patient.MayWait(func() { done, err = t.all(f.fd, p, off, done) }) {
		f.slow.Store(slowFor)
	}
	return done, err
}

// slowFor is how many transfers let another receiver take over first after one that had to wait.
const slowFor = 64

func (f *File) isSlow() bool { return f.slow.Load() > 0 && f.slow.Add(-1) >= 0 }

// all transfers what is left after the first done bytes.
func (t transfer) all(fd int, p []byte, off int64, done int) (int, error) {
	for done < len(p) {
		n, err := t.plain(fd, p[done:], off+int64(done))
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			if done > 0 {
				err = nil
			}
			return done, err
		}
		done += n
	}
	return done, nil
}

// atOnce transfers what the kernel can without waiting, of what is in its page cache: the call need not let
// another receiver take over then, which costs more than the transfer.
func (t transfer) atOnce(fd int, p []byte, off int64) int {
	if t.waits.Load() {
		return 0
	}
	n, err := t.vectored(fd, [][]byte{p}, off, unix.RWF_NOWAIT)
	if err == unix.EOPNOTSUPP {
		t.waits.Store(true)
	}
	return max(n, 0)
}

// Fsync implements engine.FileSyncer.
func (f *File) Fsync(c engine.Call, dataOnly bool) error {
	c.Block()
	if dataOnly {
		return unix.Fdatasync(f.fd)
	}
	return unix.Fsync(f.fd)
}

// Fallocate implements engine.FileAllocater.
func (f *File) Fallocate(c engine.Call, mode uint32, off, length int64) (err error) {
	mayWait(c, func() { err = unix.Fallocate(f.fd, mode, off, length) })
	return err
}

// Seek implements engine.FileSeeker.
func (f *File) Seek(c engine.Call, off int64, whence int) (at int64, err error) {
	mayWait(c, func() { at, err = unix.Seek(f.fd, off, whence) })
	return at, err
}

// Size implements engine.FileSizer.
func (f *File) Size(c engine.Call) (int64, error) { return f.Seek(c, 0, unix.SEEK_END) }

// ReadDir implements engine.FileDirReader.
func (f *File) ReadDir(c engine.Call, pos int64, emit func(engine.Dirent) bool) (err error) {
	mayWait(c, func() { err = f.readDir(pos, emit) })
	return err
}

func (f *File) readDir(pos int64, emit func(engine.Dirent) bool) error {
	f.dir.Lock()
	defer f.dir.Unlock()
	if _, err := unix.Seek(f.fd, pos, unix.SEEK_SET); err != nil {
		return err
	}
	buf := make([]byte, 32<<10)
	for {
		n, err := unix.Getdents(f.fd, buf)
		if err != nil || n <= 0 {
			return err
		}
		if !EachDirent(buf[:n], emit) {
			return nil
		}
	}
}

// EachDirent calls emit for the linux_dirent64 structures in b until it returns false.
func EachDirent(b []byte, emit func(engine.Dirent) bool) bool {
	const head = 19 // ino 8, off 8, reclen 2, type 1
	for len(b) >= head {
		n := int(binary.NativeEndian.Uint16(b[16:]))
		if n < head || n > len(b) {
			return true
		}
		name := b[head:n]
		if i := bytes.IndexByte(name, 0); i >= 0 {
			name = name[:i]
		}
		d := engine.Dirent{
			Ino:  binary.NativeEndian.Uint64(b),
			Off:  int64(binary.NativeEndian.Uint64(b[8:])),
			Type: b[18],
			Name: string(name),
		}
		if !emit(d) {
			return false
		}
		b = b[n:]
	}
	return true
}
