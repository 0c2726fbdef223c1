// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"math"

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

// Pwrite writes as pwritev2(2) at an offset, which on Linux appends if O_APPEND is set. fd and rwf are as for
// [Open.Write].
func (o *Open) Pwrite(c engine.Call, fd int, p []byte, off int64, rwf int) (int, error) {
	if off < 0 {
		return 0, unix.EINVAL
	}
	n, _, err := o.write(c, p, off, o.appends(fd, rwf))
	return n, err
}

// appends tells whether a write goes to the end of the file (include/linux/fs.h:kiocb_set_rw_flags()). That of a device
// is where nothing can be written, and devices know nothing of it (block/fops.c:blkdev_write_iter()).
func (o *Open) appends(fd, rwf int) bool {
	if o.Node.Type() != unix.S_IFREG {
		return false
	}
	return rwf&unix.RWF_APPEND != 0 || rwf&unix.RWF_NOAPPEND == 0 && o.statusFlags(fd)&unix.O_APPEND != 0
}

// Write writes as write(2) at the open file's offset, or at the end with O_APPEND. fd is a descriptor of
// the open file on which the status flags are looked up, or -1; it is needed if the file is
// [Open.Native]. Of the RWF_* flags in rwf, RWF_APPEND and RWF_NOAPPEND count.
func (o *Open) Write(c engine.Call, fd int, p []byte, rwf int) (int, error) {
	if err := o.posLock.lock(c); err != nil {
		return 0, err
	}
	defer o.posLock.unlock()
	if o.Native() {
		if fd < 0 {
			return 0, ErrNative
		}
		if o.backing != nil {
			return o.writeBacked(c, fd, p, rwf)
		}
		return o.writeNative(fd, p)
	}
	n, end, err := o.write(c, p, o.pos, o.appends(fd, rwf))
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

// Limited is a call whose caller may not write everywhere.
type Limited interface {
	// WriteLimit is the offset from which on nothing may be written.
	WriteLimit() int64
	// BeyondLimit tells the caller of an attempt, and returns the error for it.
	BeyondLimit() error
}

// limit cuts off what is not to be written at off (fs/read_write.c:generic_write_check_limits()).
func (o *Open) limit(c engine.Call, p []byte, off int64) ([]byte, error) {
	l, ok := c.(Limited)
	if !ok || o.Node.Type() != unix.S_IFREG {
		return p, nil
	}
	room := l.WriteLimit() - off
	if room <= 0 {
		return nil, l.BeyondLimit()
	}
	return p[:min(int64(len(p)), room)], nil
}

// store has the file system write, and returns where.
func (o *Open) store(c engine.Call, p []byte, off int64, atEnd bool) (int, int64, error) {
	appender, _ := o.File.(engine.FileAppender)
	if l, ok := c.(Limited); atEnd && (appender == nil || ok && l.WriteLimit() < math.MaxInt64) {
		size, err := trueSize(c, o.Node, o.File)
		if err != nil {
			return 0, 0, err
		}
		off = size
	}
	if off > (1<<63-1)-int64(len(p)) {
		return 0, 0, unix.EFBIG
	}
	p, err := o.limit(c, p, off)
	if err != nil {
		return 0, 0, err
	}
	if atEnd && appender != nil {
		defer o.ready.update(c)
		return appender.Append(c, p)
	}
	n, err := o.writer.WriteAt(c, p, off)
	o.ready.update(c)
	return min(n, len(p)), off, err
}

// change takes the write lock. What natively written files have ahead of the file system goes there
// first, so that both agree on the end of the file. That of a device is always the same.
func (ino *inode) change(c engine.Call) error {
	if err := ino.writeLock.lock(c); err != nil {
		return err
	}
	if ino.node.Type() == unix.S_IFREG && ino.hasNative() {
		if err := ino.writeBackAll(c); err != nil {
			ino.writeLock.unlock()
			return err
		}
	}
	return nil
}

// hasNative tells whether an open file is materialized, so that the stand-in is the truth.
func (ino *inode) hasNative() bool {
	ino.mu.RLock()
	defer ino.mu.RUnlock()
	return ino.natives > 0
}

// wrote brings the cache up to date after a write. gen is what dropGen was before: if somebody called for
// invalidation since, it is not known which came first. If the write began behind the end of the file as known, or of what is
// shown of it, that end is returned, otherwise -1.
func (ino *inode) wrote(p []byte, off int64, gen uint64, populate bool) (gap int64) {
	gap = -1
	ino.mu.Lock()
	if !populate && len(ino.chunks)+len(ino.loads)+len(ino.mapped) == 0 {
		ino.mu.Unlock() // nothing is cached, and will not be: the stand-in need not follow the size
		return gap
	}
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
	if ino.readers > 0 && gap < 0 && ino.shown() < off {
		gap = ino.shown()
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
