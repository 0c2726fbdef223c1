// SPDX-License-Identifier: Apache-2.0

package vudevtest

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// File is an open device. Its methods are system calls.
type File struct {
	engine.File
	c      engine.Call
	closed bool
}

// Close releases the file; only the first call counts.
func (f *File) Close() {
	if !f.closed {
		f.closed = true
		f.Release(f.c)
	}
}

// Pread is pread(2).
func (f *File) Pread(p []byte, off int64) (int, error) {
	return f.File.(engine.FileReader).ReadAt(f.c, p, off)
}

// Pwrite is pwrite(2).
func (f *File) Pwrite(p []byte, off int64) (int, error) {
	return f.File.(engine.FileWriter).WriteAt(f.c, p, off)
}

// Size is lseek(2) with SEEK_END.
func (f *File) Size() (int64, error) { return f.File.(engine.FileSizer).Size(f.c) }

// Fsync is fsync(2).
func (f *File) Fsync() error { return f.File.(engine.FileSyncer).Fsync(f.c, false) }

// Flush is what close(2) does first.
func (f *File) Flush() error { return f.File.(engine.FileFlusher).Flush(f.c) }

// Fallocate is fallocate(2).
func (f *File) Fallocate(mode uint32, off, length int64) error {
	return f.File.(engine.FileAllocater).Fallocate(f.c, mode, off, length)
}

// Ioctl is ioctl(2) with the address of mem, which is all the memory there is.
func (f *File) Ioctl(cmd uint32, mem Memory) error {
	_, err := f.File.(engine.FileIoctler).Ioctl(f.c, mem, cmd, 0)
	return err
}

// Memory is the memory of a guest, from address 0 on.
type Memory []byte

// ReadAt implements [engine.Memory].
func (m Memory) ReadAt(p []byte, addr uint64) (int, error) {
	if addr > uint64(len(m)) || uint64(len(p)) > uint64(len(m))-addr {
		return 0, unix.EFAULT
	}
	return copy(p, m[addr:]), nil
}

// WriteAt implements [engine.Memory].
func (m Memory) WriteAt(p []byte, addr uint64) (int, error) {
	if addr > uint64(len(m)) || uint64(len(p)) > uint64(len(m))-addr {
		return 0, unix.EFAULT
	}
	return copy(m[addr:], p), nil
}

// Words is memory that holds 64-bit numbers.
func Words(n ...uint64) Memory {
	var m Memory
	for _, w := range n {
		m = binary.NativeEndian.AppendUint64(m, w)
	}
	return m
}
