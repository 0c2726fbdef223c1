// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"golang.org/x/sys/unix"
)

// truncate sets the size of a regular file. Behind the new end everything is given back, and the rest of the last
// block is zeroed, so that a later growth shows zeros.
func (v *Volume) truncate(in *inode, size uint64, c Cred) error {
	switch {
	case in.isDir():
		return unix.EISDIR
	case !in.isReg():
		return unix.EINVAL
	case in.has(flVerity):
		return unix.EPERM
	case size > v.maxSize(in):
		return unix.EFBIG
	}
	if in.has(flInline) {
		if done, err := v.truncateInline(in, size, c); done || err != nil {
			return err
		}
	}
	old := in.size()
	v.touch(in)
	if size >= old {
		v.grow(in, size)
		return v.put(in)
	}
	if err := v.zeroTail(in, size); err != nil {
		return err
	}
	in.setSize(size)
	if err := v.put(in); err != nil {
		return err
	}
	if err := v.freeFrom(in, v.blocksFor(size)); err != nil {
		return err
	}
	return v.put(in)
}

// zeroTail zeroes what lies behind byte size in its block.
func (v *Volume) zeroTail(in *inode, size uint64) error {
	if size%v.bsize == 0 {
		return nil
	}
	return v.zeroPart(in, size, v.bsize-size%v.bsize)
}

// zeroPart zeroes n bytes at off that lie in one block, if it has data.
func (v *Volume) zeroPart(in *inode, off, n uint64) error {
	r, err := v.runAt(in, off/v.bsize, 1)
	if err != nil || !r.reads() || n == 0 {
		return err
	}
	return v.zeroData(r.pblk, off%v.bsize, n)
}

func (v *Volume) truncateInline(in *inode, size uint64, c Cred) (done bool, err error) {
	data, err := v.inlineData(in)
	if err != nil {
		return false, err
	}
	if size < v.bsize {
		buf := make([]byte, size)
		copy(buf, data)
		done, err = v.setInline(in, buf)
		if err != nil {
			return false, err
		}
	}
	if !done {
		return false, v.expandFile(in, c)
	}
	in.setSize(size)
	v.touch(in)
	return true, v.put(in)
}
