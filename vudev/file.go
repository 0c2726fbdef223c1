// SPDX-License-Identifier: Apache-2.0

package vudev

import (
	"math"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// file is an open device.
type file struct {
	node  *node
	flags int
	twin  int // descriptor of the host's device that does the same, or -1
}

var (
	_ engine.FileReader  = (*file)(nil)
	_ engine.FileWriter  = (*file)(nil)
	_ engine.FileSizer   = (*file)(nil)
	_ engine.FileSyncer  = (*file)(nil)
	_ engine.FileIoctler = (*file)(nil)
	_ engine.FileBacked  = (*file)(nil)
)

func newFile(n *node, flags int) *file { return &file{node: n, flags: flags, twin: n.disk.openTwin(n)} }

// openTwin opens the device of the host's that does the same as n, or returns -1.
func (d *disk) openTwin(n *node) int {
	t, ok := d.device.(Twin)
	if !ok || n.attr.typ != unix.S_IFCHR {
		return -1
	}
	fd, err := unix.Open(t.Twin(), unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if err != nil {
		return -1
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFCHR {
		unix.Close(fd)
		return -1
	}
	return fd
}

// Backing implements [engine.FileBacked].
func (f *file) Backing() (fd int, ok bool) { return f.twin, f.twin >= 0 }

// Writing implements [engine.FileBacked].
func (f *file) Writing(int64, int64) bool { return true }

func (f *file) device() Device { return f.node.disk.device }

// ReadAt implements [engine.FileReader].
func (f *file) ReadAt(c engine.Call, p []byte, off int64) (int, error) {
	return f.device().ReadAt(c, p, off)
}

// WriteAt implements [engine.FileWriter].
func (f *file) WriteAt(c engine.Call, p []byte, off int64) (int, error) {
	return f.device().WriteAt(c, p, off)
}

// Size implements [engine.FileSizer]: a device without a size ends at 0 (drivers/char/mem.c:null_lseek()).
func (f *file) Size(c engine.Call) (int64, error) {
	if s, ok := f.device().(Sizer); ok {
		return s.Size(c)
	}
	return 0, nil
}

// Fsync implements [engine.FileSyncer].
func (f *file) Fsync(c engine.Call, _ bool) error {
	if s, ok := f.device().(Syncer); ok {
		return s.Sync(c)
	}
	return nil
}

// Ioctl implements [engine.FileIoctler].
func (f *file) Ioctl(c engine.Call, m engine.Memory, cmd uint32, arg uint64) (int, error) {
	if i, ok := f.device().(Ioctler); ok {
		return i.Ioctl(c, m, cmd, arg)
	}
	return 0, unix.ENOTTY
}

// Release implements [engine.File].
func (f *file) Release(engine.Call) {
	if f.twin >= 0 {
		unix.Close(f.twin)
	}
	if f.node.disk.unclaim(f.node, f.flags) {
		go f.node.leave()
	}
}

// blockFile is an open block device: the whole or a part.
type blockFile struct {
	*file
}

var (
	_ engine.FileAllocater = (*blockFile)(nil)
	_ engine.FileFlusher   = (*blockFile)(nil)
	_ engine.FileBacked    = (*blockFile)(nil)
	_ engine.FileHoles     = (*blockFile)(nil)
)

// Data implements [engine.FileHoles].
func (f *blockFile) Data(c engine.Call, off int64) (start, end int64, err error) {
	s, ok := f.device().(Sparse)
	if !ok {
		return 0, 0, unix.EOPNOTSUPP
	}
	size := f.node.size()
	start, end, err = s.Data(c, f.node.start+off)
	return min(start-f.node.start, size), min(end-f.node.start, size), err
}

// Backing implements [engine.FileBacked]: there is nothing of the host's that shows a part of a file.
func (f *blockFile) Backing() (fd int, ok bool) {
	b, ok := f.device().(Backed)
	if !ok || f.node != f.node.disk.whole {
		return -1, false
	}
	return b.Backing()
}

// Writing implements [engine.FileBacked].
func (f *blockFile) Writing(off, length int64) bool {
	if off > f.node.size()-length || f.writable() != nil {
		return false
	}
	f.node.disk.wrote(f.node, off, length)
	return true
}

// Size implements [engine.FileSizer].
func (f *blockFile) Size(engine.Call) (int64, error) { return f.node.size(), nil }

// within cuts a transfer of n bytes at off to the size.
func (f *blockFile) within(n int, off int64) int {
	return int(min(int64(n), max(f.node.size()-off, 0)))
}

// ReadAt implements [engine.FileReader].
func (f *blockFile) ReadAt(c engine.Call, p []byte, off int64) (int, error) {
	p = p[:f.within(len(p), off)]
	n, err := f.device().ReadAt(c, p, f.node.start+off)
	if err == nil && n == 0 && len(p) > 0 {
		return 0, unix.EIO // the image has shrunk
	}
	return n, err
}

// WriteAt implements [engine.FileWriter]. Errors: ENOSPC at the end of the device, EPERM if it has become read-only
// (block/fops.c:blkdev_write_iter()).
func (f *blockFile) WriteAt(c engine.Call, p []byte, off int64) (int, error) {
	if err := f.writable(); err != nil {
		return 0, err
	}
	if n := f.within(len(p), off); n < len(p) {
		if n == 0 {
			return 0, unix.ENOSPC
		}
		p = p[:n]
	}
	n, err := f.device().WriteAt(c, p, f.node.start+off)
	f.node.disk.wrote(f.node, f.node.start+off, int64(n))
	return n, err
}

func (f *blockFile) writable() error {
	d := f.node.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.isReadOnly(f.node) {
		return unix.EPERM
	}
	return nil
}

// Fsync implements [engine.FileSyncer].
func (f *blockFile) Fsync(c engine.Call, dataOnly bool) error {
	err := f.file.Fsync(c, dataOnly)
	f.node.disk.rescanIfWritten(c)
	return err
}

// Flush implements [engine.FileFlusher]: the kernel looks for partitions again when a disk that was written is
// closed (udev has it do so).
func (f *blockFile) Flush(c engine.Call) error {
	f.node.disk.rescanIfWritten(c)
	return nil
}

// Release implements [engine.File]. A descriptor that ended with its process had no Flush.
func (f *blockFile) Release(c engine.Call) {
	d := f.node.disk
	if d.tableWritten.Load() {
		go d.rescanIfWritten(d.host.Background())
	}
	f.file.Release(c)
}

// Fallocate implements [engine.FileAllocater] as block/fops.c:blkdev_fallocate().
func (f *blockFile) Fallocate(c engine.Call, mode uint32, off, length int64) error {
	const keep, punch, zero = unix.FALLOC_FL_KEEP_SIZE, unix.FALLOC_FL_PUNCH_HOLE, unix.FALLOC_FL_ZERO_RANGE
	size := f.node.size()
	switch {
	case mode&^(keep|punch|zero) != 0:
		return unix.EOPNOTSUPP
	case off < 0 || length <= 0 || off > math.MaxInt64-length || off >= size:
		return unix.EINVAL
	case off+length > size && mode&keep == 0:
		return unix.EINVAL
	}
	length = min(length, size-off)
	if (off|length)&(sectorSize-1) != 0 {
		return unix.EINVAL
	}
	if err := f.writable(); err != nil {
		return err
	}
	switch mode {
	case zero, zero | keep, punch | keep:
		return f.zero(c, off, length)
	}
	return unix.EOPNOTSUPP
}
