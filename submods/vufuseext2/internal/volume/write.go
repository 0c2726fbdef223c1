// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"time"

	"golang.org/x/sys/unix"
)

// Write writes data to a regular file at byte off and gives how much was written: less than all where space ran out
// on the way. With killIDs the writer may not keep set-user-id bits. Errors: EROFS, EPERM (immutable; append-only and not at the end), EFBIG, ENOSPC.
func (v *Volume) Write(ino uint32, data []byte, off uint64, killIDs bool, c Cred) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	in, err := v.writableFile(ino)
	if err != nil {
		return 0, err
	}
	if in.has(flAppend) && off < in.size() {
		return 0, unix.EPERM
	}
	if limit := v.maxSize(in); off >= limit {
		return 0, unix.EFBIG
	} else if uint64(len(data)) > limit-off {
		data = data[:limit-off]
	}
	if len(data) == 0 {
		return 0, nil
	}
	if err := v.dropPrivs(in, killIDs, c); err != nil {
		return 0, err
	}
	n, err := v.writeFile(in, data, off, c)
	if n == 0 {
		return 0, err
	}
	v.grow(in, off+uint64(n))
	v.touch(in)
	return n, v.put(in)
}

// writableFile gives a regular file that may be changed.
func (v *Volume) writableFile(ino uint32) (*inode, error) {
	if err := v.writable(); err != nil {
		return nil, err
	}
	in, err := v.get(ino)
	switch {
	case err != nil:
		return nil, err
	case in.isDir():
		return nil, unix.EISDIR
	case !in.isReg():
		return nil, unix.EINVAL
	case in.has(flImmutable | flVerity):
		return nil, unix.EPERM
	}
	return in, nil
}

// touch marks the contents as changed now.
func (v *Volume) touch(in *inode) {
	now := time.Now()
	in.setMtime(now)
	in.setCtime(now)
}

// writeFile puts data into a file, inline if it is and still fits, and gives how much of it.
func (v *Volume) writeFile(in *inode, data []byte, off uint64, c Cred) (int, error) {
	if in.has(flInline) {
		done, err := v.writeInline(in, data, off, c)
		if done || err != nil {
			return len(data), err
		}
	}
	done := 0
	for done < len(data) {
		n, err := v.writeRun(in, data[done:], off+uint64(done), c)
		if err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

// writeRun writes the beginning of data, as far as one run of blocks goes.
func (v *Volume) writeRun(in *inode, data []byte, off uint64, c Cred) (int, error) {
	lblk, skip := off/v.bsize, off%v.bsize
	r, err := v.runAt(in, lblk, v.blocksFor(skip+uint64(len(data))))
	if err != nil {
		return 0, err
	}
	fill := func(_, pblk, n uint64) error {
		return v.fillAround(pblk, n, skip, data[:min(uint64(len(data)), n*v.bsize-skip)])
	}
	n := r.n
	switch {
	case r.reads():
		err = v.writeData(r.pblk, skip, data[:min(uint64(len(data)), n*v.bsize-skip)])
	case r.pblk == 0:
		n, err = v.fillHole(in, lblk, r.n, fill, c)
	default:
		if err = fill(lblk, r.pblk, n); err == nil {
			err = v.markWritten(in, r)
		}
	}
	return int(min(uint64(len(data)), n*v.bsize-skip)), err
}

// fillAround writes n whole blocks: data from byte skip on, zeros before and behind it.
func (v *Volume) fillAround(pblk, n, skip uint64, data []byte) error {
	size := n * v.bsize
	if skip == 0 && uint64(len(data)) == size {
		return v.writeData(pblk, 0, data)
	}
	buf := make([]byte, size)
	copy(buf[skip:], data)
	return v.writeData(pblk, 0, buf)
}

// markWritten makes the blocks of an unwritten run read as what was written to them.
func (v *Volume) markWritten(in *inode, r run) error {
	in.win = window{}
	for i := range r.n {
		if err := v.fs.MarkWritten(in.ino, in.raw, r.lblk+i, r.pblk+i); err != nil {
			return err
		}
	}
	return v.put(in)
}
