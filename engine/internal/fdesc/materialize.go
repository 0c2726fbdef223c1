// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"cmp"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Materialize makes the stand-in the truth for this open file, because a descriptor of it will get a
// number that is not trapped: the contents are loaded, and read, write and lseek on any descriptor of it run
// natively from now on. What was written is written back at [Open.WriteBack], at Sync and Flush and at the last
// close. fd is a descriptor of the open file, to which the offset is moved. Directories and
// streams need nothing.
//
// A block device is a sequence of bytes as a file is, if it is not so large that to copy it would be out of all
// proportion.
//
// Errors: EOPNOTSUPP for any other device, which may have an [Open.Alias]; as [Open.Map] otherwise.
func (o *Open) Materialize(c engine.Call, fd int) error {
	if o.ino == nil || o.Flags&unix.O_PATH != 0 {
		return nil
	}
	if o.backing != nil {
		o.mayWriteUnseen()
		return nil
	}
	if fits, err := o.fitsStandIn(c); err != nil || !fits {
		return cmp.Or(err, error(unix.EOPNOTSUPP))
	}
	if err := o.posLock.lock(c); err != nil {
		return err
	}
	defer o.posLock.unlock()
	if o.Native() {
		return nil
	}
	if err := o.pinAll(c); err != nil {
		return err
	}
	if _, err := unix.Seek(fd, o.pos, unix.SEEK_SET); err != nil {
		return err
	}
	o.ino.mu.Lock()
	o.native.Store(true)
	o.owns = true
	o.ino.natives++
	o.ino.mu.Unlock()
	return nil
}

// fitsStandIn tells whether the contents can be in the stand-in.
func (o *Open) fitsStandIn(c engine.Call) (bool, error) {
	switch typ := o.Node.Type(); {
	case o.ready != nil:
	case typ == unix.S_IFREG:
		return true, nil
	case typ == unix.S_IFBLK:
		size, err := o.size(c)
		if err != nil || size > maxSparse {
			return false, err
		}
		limit := o.s.cache.limit.Load()
		return o.dataSize(c, size) <= max(limit/2, min(limit, leastLimit)), nil
	}
	return false, nil
}

// writeNative writes to a materialized file through fd, a descriptor of it. A block device does not grow, as the stand-in
// would (block/fops.c:blkdev_write_iter()).
func (o *Open) writeNative(fd int, p []byte) (int, error) {
	if len(p) == 0 || o.Node.Type() != unix.S_IFBLK {
		return unix.Write(fd, p)
	}
	pos, err := unix.Seek(fd, 0, unix.SEEK_CUR)
	if err != nil {
		return 0, err
	}
	o.ino.mu.RLock()
	room := o.ino.size - pos
	o.ino.mu.RUnlock()
	if room <= 0 {
		return 0, unix.ENOSPC
	}
	return unix.Write(fd, p[:min(int64(len(p)), room)])
}

// pinAll loads the whole file. A file that is only written to natively still has to be read, through any open
// file that can.
func (o *Open) pinAll(c engine.Call) error {
	all := extent{0, lastPage}
	if o.reader != nil && o.mayRead() {
		return o.pin(c, o.reader, all, o.mayWrite() && o.writer != nil)
	}
	size, err := o.ino.refresh(c, o)
	if err != nil {
		return err
	}
	var r engine.FileReader
	if size > 0 && !o.ino.wholeLoaded(size) {
		opener, ok := o.Node.(engine.NodeOpener)
		if !ok {
			return unix.EACCES
		}
		f, err := opener.Open(c, unix.O_RDONLY)
		if err != nil {
			return err
		}
		defer f.Release(c)
		if r, ok = f.(engine.FileReader); !ok {
			return unix.EINVAL
		}
	}
	return o.pin(c, r, all, o.writer != nil)
}

func (ino *inode) wholeLoaded(size int64) bool {
	ino.mu.RLock()
	defer ino.mu.RUnlock()
	end := pagesOf(0, size).end
	return ino.loadedRun(0, end) == end
}

// unmaterialize forgets what native writes left in the stand-in beyond what the bitmap knows.
// ino.mu is held, and everything was written back.
func (ino *inode) unmaterialize() {
	if ino.natives > 0 {
		return
	}
	eof := pagesOf(0, ino.size).end
	if len(ino.mapped) > 0 {
		for page := range eof {
			ino.mark(page, true)
		}
		ino.unload(extent{0, eof})
		return
	}
	ino.eachChunk(extent{0, lastPage}, func(ch *chunk) {
		ch.loaded, ch.backed, ch.sums = pageBits{}, pageBits{}, nil
	})
	ino.account(extent{0, lastPage})
	ino.punch(0, max(eof, 1))
}
