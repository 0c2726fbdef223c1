// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// WriteAt writes at off, whatever O_APPEND says. The file system is written first, then what is cached.
//
// Errors: EBADF if not open for writing, EINVAL, EINTR, the file system's.
func (o *Open) WriteAt(c engine.Call, p []byte, off int64) (int, error) {
	n, _, err := o.write(c, p, off, false)
	return n, err
}

// Pwrite writes as pwrite(2), which on Linux appends if O_APPEND is set. fd is as for [Open.Write].
func (o *Open) Pwrite(c engine.Call, fd int, p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, unix.EINVAL
	}
	n, _, err := o.write(c, p, off, o.statusFlags(fd)&unix.O_APPEND != 0)
	return n, err
}

// Write writes as write(2) at the open file's offset, or at the end with O_APPEND. fd is a descriptor of
// the open file on which the status flags are looked up, or -1; it is needed if the file is
// [Open.Native].
func (o *Open) Write(c engine.Call, fd int, p []byte) (int, error) {
	if err := o.posLock.lock(c); err != nil {
		return 0, err
	}
	defer o.posLock.unlock()
	if o.Native() {
		return unix.Write(fd, p)
	}
	n, end, err := o.write(c, p, o.pos, o.statusFlags(fd)&unix.O_APPEND != 0)
	if n > 0 {
		o.pos = end
	}
	return n, err
}

// write returns, besides the count, the offset behind what was written.
func (o *Open) write(c engine.Call, p []byte, off int64, atEnd bool) (n int, end int64, err error) {
	switch {
	case !o.mayWrite():
		return 0, 0, unix.EBADF
	case o.ino == nil:
		return 0, 0, unix.ESPIPE
	case o.writer == nil || off < 0:
		return 0, 0, unix.EINVAL
	case len(p) == 0:
		return 0, off, nil
	}
	if err := o.ino.change(c); err != nil {
		return 0, 0, err
	}
	defer o.ino.writeLock.unlock()
	o.ino.mu.RLock()
	gen := o.ino.dropGen
	o.ino.mu.RUnlock()
	if n, off, err = o.store(c, p, off, atEnd); n <= 0 {
		return n, off, err
	}
	gap := o.ino.wrote(p[:n], off, gen, !o.direct)
	if gap >= 0 {
		if err := o.ino.grown(c, gap, off+int64(n)); err != nil {
			o.s.log(engine.LogErr, "a mapping of %v shows zeros behind %d: %v", o, gap, err)
		}
	}
	// An error behind a short write is for the next write to tell.
	if o.Flags&unix.O_DSYNC != 0 {
		if err := o.fsync(c, o.Flags&unix.O_SYNC != unix.O_SYNC); err != nil {
			return 0, 0, err
		}
	}
	return n, off + int64(n), nil
}

// store has the file system write, and returns where.
func (o *Open) store(c engine.Call, p []byte, off int64, atEnd bool) (int, int64, error) {
	if atEnd {
		if a, ok := o.File.(engine.FileAppender); ok {
			return a.Append(c, p)
		}
		size, err := trueSize(c, o.Node, o.File)
		if err != nil {
			return 0, 0, err
		}
		off = size
	}
	if off > (1<<63-1)-int64(len(p)) {
		return 0, 0, unix.EFBIG
	}
	n, err := o.writer.WriteAt(c, p, off)
	return min(n, len(p)), off, err
}

// change takes the write lock. What natively written files have ahead of the file system goes there
// first, so that both agree on the end of the file.
func (ino *inode) change(c engine.Call) error {
	if err := ino.writeLock.lock(c); err != nil {
		return err
	}
	if ino.hasNative() {
		if err := ino.writeBackAll(c); err != nil {
			ino.writeLock.unlock()
			return err
		}
	}
	return nil
}

func (ino *inode) hasNative() bool {
	ino.mu.RLock()
	defer ino.mu.RUnlock()
	return ino.natives > 0
}

// wrote brings the cache up to date after a write. gen is what dropGen was before: if somebody called for
// invalidation since, it is not known which came first. If the write began behind the end of the file as known, that end is
// returned, otherwise -1.
func (ino *inode) wrote(p []byte, off int64, gen uint64, populate bool) (gap int64) {
	gap = -1
	ino.mu.Lock()
	e := pagesOf(off, int64(len(p)))
	ino.spoil(e)
	if end := off + int64(len(p)); end > ino.size {
		ino.sizeGen++
		if off > ino.size {
			gap = ino.size
			ino.resize(off)
		}
		ino.resize(end)
	}
	if gen != ino.dropGen {
		ino.unload(e)
		populate = false
	}
	ino.update(p, off, ino.size, populate)
	ino.mu.Unlock()
	ino.s.cache.shrink()
	return gap
}
