// SPDX-License-Identifier: Apache-2.0

package vudevramdisk

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vudev"
)

// disk is a memfd: the kernel keeps its pages and knows which were never written.
type disk struct {
	fd       int
	size     int64
	readOnly bool
}

func newDisk(size int64, readOnly bool) (*disk, error) {
	fd, err := unix.MemfdCreate("vudevramdisk", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	if err := unix.Ftruncate(fd, size); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return &disk{fd, size, readOnly}, nil
}

func (d *disk) close() { unix.Close(d.fd) }

// WriteAt implements [io.WriterAt].
func (d *disk) WriteAt(p []byte, off int64) (int, error) { return transfer(unix.Pwrite, d.fd, p, off) }

// transfer repeats a read or write that a signal interrupts.
func transfer(f func(int, []byte, int64) (int, error), fd int, p []byte, off int64) (int, error) {
	for {
		n, err := f(fd, p, off)
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
}

// device is a disk as a device.
type device struct{ *disk }

var (
	_ vudev.Sizer      = device{}
	_ vudev.Discarder  = device{}
	_ vudev.ReadOnlyer = device{}
	_ vudev.Backed     = device{}
	_ vudev.Sparse     = device{}
)

// ReadAt implements [vudev.Device].
func (d device) ReadAt(_ engine.Call, p []byte, off int64) (int, error) {
	return transfer(unix.Pread, d.fd, p, off)
}

// WriteAt implements [vudev.Device].
func (d device) WriteAt(_ engine.Call, p []byte, off int64) (int, error) {
	return d.disk.WriteAt(p, off)
}

// Backing implements [vudev.Backed].
func (d device) Backing() (fd int, ok bool) { return d.fd, true }

// Data implements [vudev.Sparse].
func (d device) Data(_ engine.Call, off int64) (start, end int64, err error) {
	return vudev.SeekData(func(off int64, whence int) (int64, error) { return unix.Seek(d.fd, off, whence) }, off, d.size)
}

// Size implements [vudev.Sizer].
func (d device) Size(engine.Call) (int64, error) { return d.size, nil }

// ReadOnly implements [vudev.ReadOnlyer].
func (d device) ReadOnly() bool { return d.readOnly }

// Discard implements [vudev.Discarder].
func (d device) Discard(_ engine.Call, off, length int64) error {
	return unix.Fallocate(d.fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, length)
}

// Close implements [vudev.Device].
func (d device) Close(engine.Call) { d.close() }
