// SPDX-License-Identifier: Apache-2.0

package vudev

import (
	"errors"
	"fmt"
	"math"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Image is a file of the view as a device: the whole of it, or a part. The file may itself be virtual.
type Image struct {
	host     engine.Host
	node     engine.Node
	file     engine.File
	reader   engine.FileReader
	writer   engine.FileWriter
	readOnly bool
	offset   int64
	size     int64
}

var (
	_ Device     = (*Image)(nil)
	_ Sizer      = (*Image)(nil)
	_ Syncer     = (*Image)(nil)
	_ Discarder  = (*Image)(nil)
	_ ReadOnlyer = (*Image)(nil)
	_ Backed     = (*Image)(nil)
)

// OpenImage opens the source of a mount from offset on, for at most limit bytes unless that is 0. A file that
// cannot be written is opened for reading. Errors carry a message for the user.
func OpenImage(c engine.Call, r *Request, offset, limit int64) (*Image, error) {
	n, f, readOnly, err := openSource(c, r)
	if err != nil {
		errno, _ := engine.Errno(err)
		return nil, &engine.MountError{Err: err, Message: r.Source + ": " + errno.Error()}
	}
	i := &Image{host: r.Host, node: n, file: f, readOnly: readOnly, offset: offset}
	if err := i.prepare(c, limit); err != nil {
		f.Release(c)
		return nil, &engine.MountError{Err: err, Message: fmt.Sprintf("%s: %v", r.Source, err)}
	}
	return i, nil
}

func openSource(c engine.Call, r *Request) (engine.Node, engine.File, bool, error) {
	c.Block()
	if !r.ReadOnly {
		n, f, err := c.View().Open(c, r.Source, unix.O_RDWR, 0)
		if !errors.Is(err, unix.EACCES) && !errors.Is(err, unix.EROFS) && !errors.Is(err, unix.EPERM) {
			return n, f, false, err
		}
	}
	n, f, err := c.View().Open(c, r.Source, unix.O_RDONLY, 0)
	return n, f, true, err
}

// prepare finds out whether the file can be used, and its size.
func (i *Image) prepare(c engine.Call, limit int64) error {
	if t := i.node.Type(); t != unix.S_IFREG && t != unix.S_IFBLK {
		return fmt.Errorf("%w: neither a file nor a block device", unix.ENOTBLK)
	}
	var ok bool
	if i.reader, ok = i.file.(engine.FileReader); !ok {
		return fmt.Errorf("%w: cannot be read at an offset", unix.ESPIPE)
	}
	if i.writer, ok = i.file.(engine.FileWriter); !ok {
		i.readOnly = true
	}
	size, err := i.fileSize(c)
	if err != nil {
		return err
	}
	if i.offset < 0 || i.offset > size {
		return fmt.Errorf("%w: offset %d is behind its end", unix.EINVAL, i.offset)
	}
	i.size = size - i.offset
	if limit > 0 {
		i.size = min(i.size, limit)
	}
	return nil
}

func (i *Image) fileSize(c engine.Call) (int64, error) {
	if s, ok := i.file.(engine.FileSizer); ok {
		return s.Size(c)
	}
	var st unix.Statx_t
	if err := i.node.Stat(c, &st); err != nil {
		return 0, err
	}
	return int64(min(st.Size, math.MaxInt64)), nil
}

// Backing implements [Backed]. A file that can only be read has none: who waits for its last close must be able to lock it.
func (i *Image) Backing() (fd int, ok bool) {
	h, ok := i.file.(engine.HostFile)
	if !ok || i.readOnly || i.offset != 0 || i.size%sectorSize != 0 {
		return -1, false
	}
	var st unix.Stat_t
	err := unix.Fstat(h.HostFD(), &st)
	return h.HostFD(), err == nil && st.Mode&unix.S_IFMT == unix.S_IFREG && st.Size == i.size
}

// Size implements [Sizer].
func (i *Image) Size(engine.Call) (int64, error) { return i.size, nil }

// ReadOnly implements [ReadOnlyer].
func (i *Image) ReadOnly() bool { return i.readOnly }

// ReadAt implements [Device].
func (i *Image) ReadAt(c engine.Call, p []byte, off int64) (int, error) {
	return i.reader.ReadAt(c, p, i.offset+off)
}

// WriteAt implements [Device].
func (i *Image) WriteAt(c engine.Call, p []byte, off int64) (int, error) {
	if i.readOnly {
		return 0, unix.EPERM
	}
	n, err := i.writer.WriteAt(c, p, i.offset+off)
	i.changed(i.offset+off, int64(n))
	return n, err
}

// changed tells those who look at the file itself.
func (i *Image) changed(off, length int64) {
	if length <= 0 {
		return
	}
	if p := i.host.Pages(i.node); p != nil {
		p.Invalidate(off, length)
	}
}

// Sync implements [Syncer].
func (i *Image) Sync(c engine.Call) error {
	if s, ok := i.file.(engine.FileSyncer); ok {
		return s.Fsync(c, false)
	}
	return nil
}

// Discard implements [Discarder] with a hole in the file.
func (i *Image) Discard(c engine.Call, off, length int64) error {
	a, ok := i.file.(engine.FileAllocater)
	if !ok || i.readOnly {
		return unix.EOPNOTSUPP
	}
	err := a.Fallocate(c, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, i.offset+off, length)
	if errors.Is(err, unix.ENOSYS) {
		return unix.EOPNOTSUPP
	}
	if err == nil {
		i.changed(i.offset+off, length)
	}
	return err
}

// Close implements [Device].
func (i *Image) Close(c engine.Call) { i.file.Release(c) }
