// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Sync is fsync(2) and, with dataOnly, fdatasync(2). What guests wrote to mappings of the
// file is written back, and an error that writing back had since the last Sync or Flush
// of this open file is returned.
func (o *Open) Sync(c engine.Call, dataOnly bool) error {
	if o.Flags&unix.O_PATH != 0 {
		return unix.EBADF
	}
	if o.stream != 0 {
		return unix.EINVAL
	}
	if o.ino != nil {
		o.adoptBacking(c)
		if err := o.WriteBack(c); err != nil {
			o.takeError()
			return err
		}
	}
	err := o.fsync(c, dataOnly)
	if wb := o.takeError(); wb != nil {
		return wb
	}
	return err
}

func (o *Open) fsync(c engine.Call, dataOnly bool) error {
	if s, ok := o.File.(engine.FileSyncer); ok {
		return s.Fsync(c, dataOnly)
	}
	return nil
}

// Flush is what close(2) of one descriptor does before it is closed.
func (o *Open) Flush(c engine.Call) error {
	var err error
	o.adoptBacking(c)
	if o.ino != nil && o.ino.pinned.Load() > 0 {
		err = o.WriteBack(c)
	}
	if f, ok := o.File.(engine.FileFlusher); ok {
		if ferr := f.Flush(c); err == nil {
			err = ferr
		}
	}
	if wb := o.takeError(); err == nil {
		err = wb
	}
	return err
}

// WriteBack gives the file system all that guests wrote natively to this file, through mappings or
// materialized open files.
func (o *Open) WriteBack(c engine.Call) error {
	if o.ino == nil || o.ino.pinned.Load() == 0 {
		return nil
	}
	if err := o.ino.writeLock.lock(c); err != nil {
		return err
	}
	defer o.ino.writeLock.unlock()
	return o.ino.writeBackAll(c)
}

// Msync is msync(2) with MS_SYNC for a range of the file, in bytes: as the kernel's, it is an fsync of that range.
func (o *Open) Msync(c engine.Call, off, length int64) error {
	if o.ino == nil || off < 0 || length < 0 {
		return unix.EINVAL
	}
	e := pagesOf(off, length)
	err := o.ino.writeBack(c, o, e.first, e.end)
	if err == nil {
		err = o.fsync(c, true)
	}
	if wb := o.takeError(); err == nil {
		err = wb
	}
	return err
}

// takeError returns an error of writing back that this open file has not reported yet.
func (o *Open) takeError() error {
	if o.ino == nil {
		return nil
	}
	o.ino.mu.RLock()
	seq, err := o.ino.wbSeq, o.ino.wbErr
	o.ino.mu.RUnlock()
	if o.seenWB.Swap(seq) == seq {
		return nil
	}
	return err
}
