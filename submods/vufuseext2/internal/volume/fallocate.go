// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"math"

	"golang.org/x/sys/unix"
)

// Fallocate is fallocate(2): it allocates, punches holes, or zeroes a range.
// Errors: EOPNOTSUPP for other modes, and for allocation in files without extents, as ext4; EFBIG, ENOSPC, EPERM.
func (v *Volume) Fallocate(ino uint32, mode uint32, off, n uint64, c Cred) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	in, err := v.writableFile(ino)
	if err != nil {
		return err
	}
	const keep, punch, zero = unix.FALLOC_FL_KEEP_SIZE, unix.FALLOC_FL_PUNCH_HOLE, unix.FALLOC_FL_ZERO_RANGE
	switch {
	case n == 0 || off > math.MaxInt64 || n > math.MaxInt64-off:
		return unix.EINVAL
	case off+n > v.maxSize(in):
		return unix.EFBIG
	case in.has(flAppend) && mode&^keep != 0:
		return unix.EPERM
	}
	if err := v.dropPrivs(in, false, c); err != nil {
		return err
	}
	if in.has(flInline) {
		if err := v.expandFile(in, c); err != nil {
			return err
		}
	}
	switch mode {
	case 0, keep:
		err = v.preallocate(in, off/v.bsize, v.blocksFor(off+n), c)
	case punch | keep:
		err = v.punchHole(in, off, min(n, in.size()-min(off, in.size())))
	case zero, zero | keep:
		err = v.zeroRange(in, off, n, c)
	default:
		return unix.EOPNOTSUPP
	}
	if err != nil {
		return err
	}
	if mode&keep == 0 {
		v.grow(in, off+n)
	}
	v.touch(in)
	return v.put(in)
}

// preallocate gives the holes among blocks [from, to) unwritten extents.
func (v *Volume) preallocate(in *inode, from, to uint64, c Cred) error {
	if !in.has(flExtents) {
		return unix.EOPNOTSUPP
	}
	for from < to {
		r, err := v.runAt(in, from, to-from)
		if err != nil {
			return err
		}
		n := r.n
		if r.pblk == 0 {
			if n, err = v.fillHole(in, from, n, nil, c); err != nil {
				return err
			}
		}
		from += n
	}
	return nil
}

// punchHole frees the whole blocks of a range and zeroes the rest of it.
func (v *Volume) punchHole(in *inode, off, n uint64) error {
	if n == 0 {
		return nil
	}
	end := off + n
	first, last := v.blocksFor(off), end/v.bsize
	if end == in.size() {
		last = v.blocksFor(end) // what is behind the end is zero anyway
	}
	if off/v.bsize == (end-1)/v.bsize && first >= last {
		return v.zeroPart(in, off, n)
	}
	if off%v.bsize != 0 {
		if err := v.zeroPart(in, off, v.bsize-off%v.bsize); err != nil {
			return err
		}
	}
	if last == end/v.bsize && end%v.bsize != 0 {
		if err := v.zeroPart(in, end-end%v.bsize, end%v.bsize); err != nil {
			return err
		}
	}
	if first >= last {
		return nil
	}
	if err := v.freeBlocks(in, first, last-1); err != nil {
		return err
	}
	return v.put(in)
}

// zeroRange makes a range read as zeros and keeps, or gives it, its blocks.
func (v *Volume) zeroRange(in *inode, off, n uint64, c Cred) error {
	if !in.has(flExtents) {
		return unix.EOPNOTSUPP
	}
	if err := v.punchHole(in, off, min(n, in.size()-min(off, in.size()))); err != nil {
		return err
	}
	return v.preallocate(in, off/v.bsize, v.blocksFor(off+n), c)
}

// Seek is lseek(2) with SEEK_DATA and SEEK_HOLE. Unwritten extents are holes, as in ext4.
// Errors: ENXIO at or behind the end, and for SEEK_DATA when only a hole follows; EINVAL for another whence.
func (v *Volume) Seek(ino uint32, off uint64, whence uint32) (uint64, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	in, err := v.get(ino)
	if err != nil {
		return 0, err
	}
	if whence != unix.SEEK_DATA && whence != unix.SEEK_HOLE {
		return 0, unix.EINVAL
	}
	size := in.size()
	if off >= size {
		return 0, unix.ENXIO
	}
	if in.has(flInline) || !in.isReg() {
		if whence == unix.SEEK_DATA {
			return off, nil
		}
		return size, nil
	}
	end := v.blocksFor(size)
	for lblk := off / v.bsize; lblk < end; {
		r, err := v.runAt(in, lblk, end-lblk)
		if err != nil {
			return 0, err
		}
		if r.reads() == (whence == unix.SEEK_DATA) {
			return max(off, lblk*v.bsize), nil
		}
		lblk += r.n
	}
	if whence == unix.SEEK_DATA {
		return 0, unix.ENXIO
	}
	return size, nil
}
