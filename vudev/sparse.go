// SPDX-License-Identifier: Apache-2.0

package vudev

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// SeekData is [Sparse] for a device that has lseek(2) with SEEK_DATA and SEEK_HOLE.
func SeekData(seek func(off int64, whence int) (int64, error), off, size int64) (start, end int64, err error) {
	start, err = seek(off, unix.SEEK_DATA)
	if err == nil {
		end, err = seek(start, unix.SEEK_HOLE)
	}
	switch err {
	case nil:
		return min(start, size), min(end, size), nil
	case unix.ENXIO: // nothing behind off, or cut off meanwhile
		return size, size, nil
	}
	return 0, 0, err
}

var _ Sparse = (*Image)(nil)

// Data implements [Sparse].
func (i *Image) Data(c engine.Call, off int64) (start, end int64, err error) {
	switch f := i.file.(type) {
	case engine.FileHoles:
		start, end, err = f.Data(c, i.offset+off)
	case engine.FileSeeker:
		seek := func(off int64, whence int) (int64, error) { return f.Seek(c, off, whence) }
		start, end, err = SeekData(seek, i.offset+off, i.offset+i.size)
	default:
		return 0, 0, unix.EOPNOTSUPP
	}
	return min(start-i.offset, i.size), min(end-i.offset, i.size), err
}
