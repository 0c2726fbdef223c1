// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Truncate is ftruncate(2).
//
// Errors: EINVAL if not open for writing, EROFS, the file system's. A truncation by path is the
// caller's to do, who tells the cache by Pages(n).Resize.
func (o *Open) Truncate(c engine.Call, size int64) error {
	set, ok := o.Node.(engine.NodeSetattrer)
	switch {
	case o.Flags&unix.O_PATH != 0:
		return unix.EBADF
	case size < 0 || o.ino == nil || !o.mayWrite():
		return unix.EINVAL
	case !ok:
		return unix.EROFS
	}
	if err := o.ino.change(c); err != nil {
		return err
	}
	defer o.ino.writeLock.unlock()
	o.ino.sizing.Add(1)
	defer o.ino.sizing.Add(-1)
	if err := set.Setattr(c, &engine.SetAttr{Valid: engine.AttrSize, Size: size, File: o.File}); err != nil {
		return err
	}
	return o.ino.setSize(c, size)
}

// Allocate is fallocate(2).
//
// Errors: EBADF if not open for writing, EOPNOTSUPP (also for shifting what is behind, if the file is
// materialized), EINVAL, the file system's.
func (o *Open) Allocate(c engine.Call, mode uint32, off, length int64) error {
	alloc, ok := o.File.(engine.FileAllocater)
	switch {
	case !o.mayWrite():
		return unix.EBADF
	case o.isDir():
		return unix.EISDIR
	case o.ino == nil:
		return unix.ESPIPE
	case off < 0 || length <= 0:
		return unix.EINVAL
	case off > (1<<63-1)-length:
		return unix.EFBIG
	case !ok:
		return unix.EOPNOTSUPP
	}
	if err := o.ino.change(c); err != nil {
		return err
	}
	defer o.ino.writeLock.unlock()
	const shifts = unix.FALLOC_FL_COLLAPSE_RANGE | unix.FALLOC_FL_INSERT_RANGE
	if mode&shifts != 0 {
		if o.ino.hasNative() {
			return unix.EOPNOTSUPP
		}
		// What is mapped moves with the rest, so it has to be there.
		if err := o.ino.writeBackAll(c); err != nil {
			return err
		}
	}
	o.ino.sizing.Add(1)
	defer o.ino.sizing.Add(-1)
	if err := alloc.Fallocate(c, mode, off, length); err != nil {
		return err
	}
	return o.allocated(c, mode, off, length)
}

// allocated brings the cache up to date.
func (o *Open) allocated(c engine.Call, mode uint32, off, length int64) error {
	size, err := trueSize(c, o.Node, o.File)
	if err != nil {
		return err
	}
	const shifts = unix.FALLOC_FL_COLLAPSE_RANGE | unix.FALLOC_FL_INSERT_RANGE
	switch {
	case mode&(unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_ZERO_RANGE) != 0:
		o.ino.zero(off, length)
	case mode&shifts != 0:
		return o.ino.shifted(c, off, size)
	}
	return o.ino.setSize(c, size)
}

// zero follows a hole punched into the file: the kernel zeroes the same bytes of the stand-in, so what is
// cached stays valid.
func (ino *inode) zero(off, length int64) {
	ino.mu.Lock()
	defer ino.mu.Unlock()
	ino.zeroLocked(off, length)
}

// zeroLocked is zero with ino.mu held.
func (ino *inode) zeroLocked(off, length int64) {
	ino.spoil(pagesOf(off, length))
	const mode = unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_KEEP_SIZE
	if err := unix.Fallocate(ino.fd, mode, off, length); err != nil {
		ino.s.log(engine.LogErr, "stand-in %s: punching a hole: %v", ino.base, err)
	}
}

// shifted follows a change of everything behind off. What is mapped is read again.
func (ino *inode) shifted(c engine.Call, off, size int64) error {
	ino.Invalidate(off, -1)
	if err := ino.setSize(c, size); err != nil {
		return err
	}
	ino.mu.Lock()
	e := extent{off >> pageShift, pagesOf(0, size).end}
	if len(ino.mapped) > 0 && e.first < e.end {
		ino.unmark(e)
		ino.punch(e.first, e.end) // unloaded pages are holes
		ino.eachChunk(e, func(ch *chunk) { ch.sums = nil })
	}
	ino.mu.Unlock()
	if o := ino.pinnedReader(); o != nil {
		return ino.loadPinned(c, o.reader, e, size)
	}
	return nil
}
