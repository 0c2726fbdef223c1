// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"sync"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

var statPool = sync.Pool{New: func() any { return new(unix.Statx_t) }}

// refresh asks the file system for the size and makes it the cache's.
func (ino *inode) refresh(c engine.Call, o *Open) (int64, error) {
	for {
		ino.mu.RLock()
		size, gen, native := ino.size, ino.sizeGen, ino.natives > 0
		ino.mu.RUnlock()
		if native {
			return ino.adoptNative()
		}
		now, err := trueSize(c, ino.node, o.File)
		if err != nil || now == size {
			return now, err
		}
		ino.mu.Lock()
		ok := gen == ino.sizeGen && ino.natives == 0
		if ok {
			ino.sizeGen++
			ino.resize(now)
		}
		ino.mu.Unlock()
		if ok {
			return now, ino.grown(c, size, now)
		}
	}
}

// trueSize is the file system's idea of the size.
func trueSize(c engine.Call, n engine.Node, f engine.File) (int64, error) {
	if z, ok := f.(engine.FileSizer); ok {
		return z.Size(c)
	}
	st := statPool.Get().(*unix.Statx_t)
	defer statPool.Put(st)
	*st = unix.Statx_t{}
	if err := n.Stat(c, st); err != nil {
		return 0, err
	}
	return max(int64(st.Size), 0), nil
}

// adoptNative takes the size over that native writes gave a materialized stand-in. What they wrote behind the end of a
// block device is cut off: that there was no space is for the next fsync or close to tell.
func (ino *inode) adoptNative() (int64, error) {
	var st unix.Stat_t
	ino.mu.Lock()
	defer ino.mu.Unlock()
	if err := unix.Fstat(ino.fd, &st); err != nil {
		return 0, err
	}
	if ino.node.Type() == unix.S_IFBLK {
		if st.Size > ino.size {
			ino.failedLocked(unix.ENOSPC)
			return ino.size, unix.Ftruncate(ino.fd, ino.size)
		}
		return ino.size, nil
	}
	if st.Size != ino.size {
		ino.size = st.Size
		ino.sizeGen++
	}
	return st.Size, nil
}

// Size is the size of a file of which a guest's native writes may be ahead of the file
// system's knowledge; ok is false for any other, and Stat tells.
func (s *Store) Size(n engine.Node) (size int64, ok bool) {
	s.imu.Lock()
	ino := s.inodes[n]
	s.imu.Unlock()
	if ino == nil {
		return 0, false
	}
	ino.mu.RLock()
	ok = ino.natives > 0
	ino.mu.RUnlock()
	if !ok {
		return 0, false
	}
	size, err := ino.adoptNative()
	return size, err == nil
}

// resize gives the cache another size. Nothing is known of what is between the old end and the new one, so who reads natively
// does not see that before it is loaded. ino.mu is held,
// and sizeGen was counted up.
func (ino *inode) resize(size int64) {
	old := ino.size
	if ino.natives > 0 {
		var st unix.Stat_t
		if err := unix.Fstat(ino.fd, &st); err == nil {
			old = st.Size
		}
	}
	if size == old {
		return
	}
	ino.spoil(pagesOf(min(size, old), -1))
	if size > old && old&(pageSize-1) != 0 {
		ino.unload(pagesOf(old, 1))
	}
	ino.size = size
	if ino.readers == 0 || ino.natives > 0 || size < ino.shown() {
		ino.truncateStandIn(size)
	} else {
		ino.lags = true
	}
	if size < old {
		ino.cutOff(pagesOf(0, size).end)
	}
}

// grown loads what a longer file has in pages that are mapped already.
func (ino *inode) grown(c engine.Call, old, size int64) error {
	if size <= old || ino.pinned.Load() == 0 {
		return nil
	}
	o := ino.pinnedReader()
	if o == nil {
		return nil
	}
	if err := ino.loadTail(c, o.reader, old, size); err != nil {
		return err
	}
	if err := ino.loadPinned(c, o.reader, pagesOf(old, size-old), size); err != nil {
		return err
	}
	ino.show(size)
	return nil
}

// setSize follows a change of size that was made here.
func (ino *inode) setSize(c engine.Call, size int64) error {
	ino.mu.Lock()
	old := ino.size
	ino.sizeGen++
	ino.resize(size)
	ino.mu.Unlock()
	return ino.grown(c, old, size)
}

// pinnedReader is an open file with a mapping through which the file can be read; nil if there is
// none, or need not be because the stand-in is the truth.
func (ino *inode) pinnedReader() *Open {
	ino.mu.RLock()
	defer ino.mu.RUnlock()
	if ino.natives > 0 {
		return nil
	}
	for _, o := range ino.mapped {
		if o.reader != nil {
			return o
		}
	}
	return nil
}

// cutOff forgets the pages behind the end of the file, of which the kernel has freed the data.
func (ino *inode) cutOff(end int64) {
	e := extent{end, lastPage}
	ino.eachChunk(e, func(ch *chunk) {
		for i := max(end-ch.index<<chunkShift, 0); i < chunkPages; i++ {
			ch.loaded.clear(i)
			ch.backed.clear(i)
			if ch.sums != nil {
				ch.sums[i] = 0
			}
		}
	})
	ino.account(e)
}
