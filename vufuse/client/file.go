// SPDX-License-Identifier: Apache-2.0

package client

import (
	"runtime"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

// file is an open file that is not a directory.
type file struct {
	handle
	flocked atomic.Uint64 // owner of a lock by flock
	polled  atomic.Uint64 // its number among those polled, or 0
}

var (
	_ engine.File          = (*file)(nil)
	_ engine.FileReader    = (*file)(nil)
	_ engine.FileWriter    = (*file)(nil)
	_ engine.FileAppender  = (*file)(nil)
	_ engine.FileFlusher   = (*file)(nil)
	_ engine.FileSyncer    = (*file)(nil)
	_ engine.FileAllocater = (*file)(nil)
	_ engine.FileSeeker    = (*file)(nil)
	_ engine.FileCopier    = (*file)(nil)
	_ engine.FileIoctler   = (*file)(nil)
	_ engine.FileSizer     = (*file)(nil)
	_ engine.FilePoller    = (*file)(nil)
	_ engine.FileMapper    = (*file)(nil)
)

// underlying finds the file in what the engine knows as a File.
func underlying(f engine.File) (*file, bool) {
	switch f := f.(type) {
	case *file:
		return f, true
	case *lockingFile:
		return f.file, true
	}
	return nil, false
}

// Release implements [engine.File].
func (f *file) Release(c engine.Call) {
	f.n.mu.Lock()
	f.n.opens--
	f.n.mu.Unlock()
	f.n.fs.polled.remove(f.polled.Load())
	how, owner := uint32(0), f.flocked.Load()
	if owner != 0 {
		how = proto.ReleaseFlockUnlck
	}
	f.release(c, proto.Release, proto.Open, owner, how)
}

// Size implements [engine.FileSizer]. Unlike stat(2) it asks nobody's permission: the file is open
// (fs/fuse/file.c:fuse_update_attributes()).
func (f *file) Size(c engine.Call) (int64, error) {
	a, err := f.n.freshBy(c, f, unix.STATX_SIZE)
	return max(int64(a.Size), 0), err
}

// MayMap implements [engine.FileMapper] (fs/fuse/file.c:fuse_file_mmap()).
func (f *file) MayMap(shared bool) error {
	if shared && f.direct() && !f.n.fs.has(proto.DirectIOAllowMmap) {
		return unix.ENODEV
	}
	return nil
}

// keep makes n live until here.
func keep(n *node) { runtime.KeepAlive(n) }

// usable refuses what a bad inode cannot.
func (f *file) usable() error {
	if f.n.isBad() {
		return unix.EIO
	}
	return nil
}

// Flush implements [engine.FileFlusher].
func (f *file) Flush(c engine.Call) error {
	if err := f.usable(); err != nil {
		return err
	}
	if f.open&proto.OpenNoflush != 0 || f.n.fs.lacks(proto.Flush) {
		return nil
	}
	in := &proto.FlushIn{Fh: f.fh, LockOwner: f.n.flushOwner(c.PID())}
	err := f.n.fs.force(c, &Request{Op: proto.Flush, Node: f.n.id, In: in})
	if err == unix.ENOSYS {
		f.n.fs.missing[proto.Flush].Store(true)
		return nil
	}
	return err
}

// Fsync implements [engine.FileSyncer].
func (f *file) Fsync(c engine.Call, dataOnly bool) error { return f.fsync(c, proto.Fsync, dataOnly) }

func (h *handle) fsync(c engine.Call, op proto.Op, dataOnly bool) error {
	in := &proto.FsyncIn{Fh: h.fh}
	if dataOnly {
		in.Flags = proto.FsyncDatasync
	}
	return h.n.fs.optional(c, &Request{Op: op, Node: h.n.id, In: in}, nil)
}

// Fallocate implements [engine.FileAllocater].
func (f *file) Fallocate(c engine.Call, mode uint32, off, length int64) error {
	const known = unix.FALLOC_FL_KEEP_SIZE | unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_ZERO_RANGE
	if mode&^uint32(known) != 0 {
		return unix.EOPNOTSUPP
	}
	if err := f.dropSetIDs(c); err != nil {
		return err
	}
	lock(c, &f.n.ioMu)
	defer f.n.ioMu.Unlock()
	in := &proto.FallocateIn{Fh: f.fh, Offset: uint64(off), Length: uint64(length), Mode: mode}
	err := f.n.fs.optional(c, &Request{Op: proto.Fallocate, Node: f.n.id, In: in}, unix.EOPNOTSUPP)
	if err != nil {
		return err
	}
	if mode&unix.FALLOC_FL_KEEP_SIZE == 0 {
		f.n.wrote(off + length)
	}
	if mode&(unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_ZERO_RANGE) != 0 {
		f.n.fs.pages.invalidate(f.n, off, length)
	}
	f.n.invalidate(staleModSize)
	return nil
}

// Seek implements [engine.FileSeeker]. For a server that does not know LSEEK the whole file is
// data.
func (f *file) Seek(c engine.Call, off int64, whence int) (int64, error) {
	in := &proto.LseekIn{Fh: f.fh, Offset: uint64(off), Whence: uint32(whence)}
	var out proto.LseekOut
	err := f.n.fs.optional(c, &Request{Op: proto.Lseek, Node: f.n.id, In: in, Out: &out}, unix.ENOSYS)
	switch {
	case err == unix.ENOSYS:
		return f.seekAllData(c, off, whence)
	case err != nil:
		return 0, err
	case int64(out.Offset) < 0:
		return 0, unix.EINVAL
	}
	return int64(out.Offset), nil
}

func (f *file) seekAllData(c engine.Call, off int64, whence int) (int64, error) {
	a, err := f.n.fresh(c, unix.STATX_SIZE)
	switch {
	case err != nil:
		return 0, err
	case off < 0 || uint64(off) >= a.Size:
		return 0, unix.ENXIO
	case whence == unix.SEEK_HOLE:
		return int64(a.Size), nil
	}
	return off, nil
}

// CopyRange implements [engine.FileCopier]. EOPNOTSUPP asks the caller to read and write.
func (f *file) CopyRange(c engine.Call, off int64, to engine.File, toOff, length int64) (int64, error) {
	t, ok := underlying(to)
	if !ok || t.n.fs != f.n.fs {
		return 0, unix.EXDEV
	}
	if err := t.dropSetIDs(c); err != nil {
		return 0, err
	}
	length = min(length, 1<<31-proto.PageSize) // the reply counts in 32 bits
	lock(c, &t.n.ioMu)
	defer t.n.ioMu.Unlock()
	in := &proto.CopyFileRangeIn{
		FhIn: f.fh, OffIn: uint64(off), NodeOut: t.n.id, FhOut: t.fh, OffOut: uint64(toOff), Len: uint64(length),
	}
	var out proto.WriteOut
	err := f.n.fs.optional(c, &Request{Op: proto.CopyFileRange, Node: f.n.id, In: in, Out: &out}, unix.EOPNOTSUPP)
	if err != nil {
		return 0, err
	}
	if int64(out.Size) > length {
		return 0, unix.EIO
	}
	n := int64(out.Size)
	t.n.wrote(toOff + n)
	t.n.fs.pages.invalidate(t.n, toOff, n)
	f.n.accessed()
	return n, nil
}
