// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"cmp"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Seek is lseek(2). fd is as for [Open.Read].
//
// Errors: ErrNative, EINVAL, ENXIO, ESPIPE, the file system's.
func (o *Open) Seek(c engine.Call, fd int, off int64, whence int) (int64, error) {
	if o.stream != 0 {
		return 0, unix.ESPIPE
	}
	if o.Flags&unix.O_PATH != 0 {
		return 0, unix.EBADF
	}
	if err := o.posLock.lock(c); err != nil {
		return 0, err
	}
	defer o.posLock.unlock()
	if o.Native() {
		if fd < 0 {
			return 0, ErrNative
		}
		if o.ReadsNatively() && whence >= unix.SEEK_DATA {
			return o.seekNative(c, fd, off, whence)
		}
		return unix.Seek(fd, off, whence)
	}
	pos, err := o.target(c, off, whence)
	if err != nil {
		return 0, err
	}
	if pos < 0 {
		return 0, unix.EINVAL
	}
	if o.Node.Type() == unix.S_IFBLK { // fs/read_write.c:fixed_size_llseek()
		if size, err := o.size(c); err != nil || pos > size {
			return 0, cmp.Or(err, error(unix.EINVAL))
		}
	}
	o.pos = pos
	return pos, nil
}

// seekNative is SEEK_DATA or SEEK_HOLE where the kernel has the offset: what is a hole is not seen in the stand-in, which has one for
// all zeros.
func (o *Open) seekNative(c engine.Call, fd int, off int64, whence int) (int64, error) {
	pos, err := o.seekData(c, off, whence)
	if err != nil {
		return 0, err
	}
	return unix.Seek(fd, pos, unix.SEEK_SET)
}

// target is where a seek leads; a negative position is invalid.
func (o *Open) target(c engine.Call, off int64, whence int) (int64, error) {
	switch {
	case whence == unix.SEEK_SET:
		return off, nil
	case whence == unix.SEEK_CUR:
		return o.pos + off, nil // an overflow is negative
	case o.isDir():
		return 0, unix.EINVAL
	case whence == unix.SEEK_END:
		size, err := o.size(c)
		return size + off, err
	case whence == unix.SEEK_DATA || whence == unix.SEEK_HOLE:
		return o.seekData(c, off, whence)
	}
	return 0, unix.EINVAL
}

func (o *Open) seekData(c engine.Call, off int64, whence int) (int64, error) {
	if o.Node.Type() == unix.S_IFBLK {
		return 0, unix.EINVAL // block/fops.c:blkdev_llseek()
	}
	if s, ok := o.File.(engine.FileSeeker); ok {
		return s.Seek(c, off, whence)
	}
	size, err := o.size(c)
	switch {
	case err != nil:
		return 0, err
	case off < 0 || off >= size:
		return 0, unix.ENXIO
	case whence == unix.SEEK_HOLE:
		return size, nil
	}
	return off, nil
}

// size is where the file ends.
func (o *Open) size(c engine.Call) (int64, error) {
	if o.cached() {
		return o.ino.refresh(c, o)
	}
	return trueSize(c, o.Node, o.File)
}

// Offset is the open file's offset, for /proc/PID/fdinfo, unless it is [Open.Native].
func (o *Open) Offset(c engine.Call) (int64, error) {
	if err := o.posLock.lock(c); err != nil {
		return 0, err
	}
	defer o.posLock.unlock()
	return o.pos, nil
}
