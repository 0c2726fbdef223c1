// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"bytes"
	"math"
	"sync"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// load is a range of pages that is being read from the file system.
type load struct {
	extent
	stale bool // the file changed since; guarded by ino.mu
	hole  bool // all zeros
	done  chan struct{}
}

// spoil sees to it that loads of e under way do not get into the cache, and that nobody new waits for them.
// ino.mu is held.
func (ino *inode) spoil(e extent) {
	kept := ino.loads[:0]
	for _, l := range ino.loads {
		if l.first < e.end && e.first < l.end {
			l.stale = true
		} else {
			kept = append(kept, l)
		}
	}
	clear(ino.loads[len(kept):])
	ino.loads = kept
}

// loading returns the load that page belongs to.
func (ino *inode) loading(page int64) *load {
	for _, l := range ino.loads {
		if l.first <= page && page < l.end {
			return l
		}
	}
	return nil
}

// begin starts to load page: the window that o's way of reading suggests, or as much of it as is neither
// cached nor being loaded. If page is being loaded, wait is that load; if it is cached, both are nil.
func (ino *inode) begin(page int64, window extent) (mine, wait *load) {
	ino.mu.Lock()
	defer ino.mu.Unlock()
	if ino.isLoaded(page) {
		return nil, nil
	}
	if l := ino.loading(page); l != nil {
		return nil, l
	}
	first, end := page, page+1
	for first > window.first && !ino.isLoaded(first-1) && ino.loading(first-1) == nil {
		first--
	}
	for end < window.end && !ino.isLoaded(end) && ino.loading(end) == nil {
		end++
	}
	l := &load{extent: extent{first, end}, done: make(chan struct{})}
	ino.loads = append(ino.loads, l)
	return l, nil
}

// finish puts the data of a load into the cache, unless the file has changed since it began.
func (ino *inode) finish(l *load, data []byte) (stale bool) {
	ino.mu.Lock()
	stale = l.stale
	if !l.stale && !ino.gone {
		for i, other := range ino.loads {
			if other == l {
				last := len(ino.loads) - 1
				ino.loads[i], ino.loads[last] = ino.loads[last], nil
				ino.loads = ino.loads[:last]
				break
			}
		}
		switch {
		case ino.natives > 0:
		case l.hole:
			ino.markHole(l.extent)
		default:
			ino.update(data, l.first<<pageShift, ino.size, true)
		}
	}
	ino.mu.Unlock()
	close(l.done)
	ino.s.cache.shrink()
	return stale
}

// fill has the page of off loaded and copies from what was read to p. again says that the caller has to
// look into the cache once more.
func (ino *inode) fill(c engine.Call, r engine.FileReader, p []byte, off, size int64, window extent) (n int, again bool, err error) {
	l, wait := ino.begin(off>>pageShift, window)
	if l == nil {
		if wait == nil {
			return 0, true, nil
		}
		c.Block()
		select {
		case <-wait.done:
			return 0, true, nil
		case <-c.Interrupted():
			return 0, false, unix.EINTR
		}
	}
	start := l.first << pageShift
	bp := getBuf(l.end<<pageShift - start) // whole pages, as the kernel asks for them
	defer putBuf(bp)
	var data []byte
	defer func() { ino.finish(l, data) }()
	if l.hole = ino.isHole(c, r, start, min(l.end<<pageShift, size)); l.hole {
		n = int(min(int64(len(p)), size-off, l.end<<pageShift-off))
		clear(p[:n])
		return n, false, nil
	}
	got, err := r.ReadAt(c, *bp, start)
	if err != nil {
		return 0, false, err
	}
	data = (*bp)[:max(0, min(got, len(*bp)))]
	if skip := off - start; skip < int64(len(data)) {
		n = copy(p, data[skip:])
	}
	return n, false, nil
}

var zeroPage [pageSize]byte

// update puts data into the cached pages it touches, and into those not cached that it fills if populate is
// set or they are mapped. While the file is read natively, nothing is put where the stand-in would get a hole of what is not loaded
// before it. end is the size of the file. ino.mu is held.
func (ino *inode) update(data []byte, off, end int64, populate bool) {
	data = data[:max(0, min(int64(len(data)), end-off))]
	e := pagesOf(off, int64(len(data)))
	shown := int64(math.MaxInt64)
	if ino.readers > 0 {
		shown = ino.shown()
	}
	var run extent // bytes to be written
	for page := e.first; page < e.end; page++ {
		start := page << pageShift
		from, to := max(start, off), min(start+pageSize, off+int64(len(data)))
		loaded := ino.natives > 0 || ino.isLoaded(page)
		full := from == start && (to == start+pageSize || to >= end)
		if !loaded && !(full && (populate || ino.isPinned(page))) {
			continue
		}
		if from > shown {
			continue // natively read zeros before it would not be the file's
		}
		part := data[from-off : to-off]
		if !loaded && to <= shown && bytes.Equal(part, zeroPage[:len(part)]) {
			ino.mark(page, false)
			continue
		}
		ino.mark(page, true)
		if run.end != from {
			ino.putRun(run, data, off)
			run = extent{from, from}
		}
		run.end = to
		shown = max(shown, to)
	}
	ino.putRun(run, data, off)
	ino.account(e)
}

// putRun writes the bytes of run to the stand-in. If there is no room, the pages count as not cached: reads
// are right, and only a guest that had them mapped while they were zeros goes on seeing those.
func (ino *inode) putRun(run extent, data []byte, off int64) {
	for run.first < run.end {
		n, err := unix.Pwrite(ino.fd, data[run.first-off:run.end-off], run.first)
		if err != nil || n == 0 {
			if ino.s.full.CompareAndSwap(false, true) {
				ino.s.log(engine.LogWarning, "page cache in %s: %v", ino.s.dir, err)
			}
			e := pagesOf(run.first, run.end-run.first)
			ino.unload(e)
			ino.unmark(e)
			return
		}
		run.first += int64(n)
	}
}

const (
	smallBuf = 128 << 10
	maxBuf   = 1 << 20
)

var (
	smallBufs = sync.Pool{New: func() any { b := make([]byte, smallBuf); return &b }}
	bigBufs   = sync.Pool{New: func() any { b := make([]byte, maxBuf); return &b }}
)

// getBuf returns a buffer of n bytes, at most maxBuf.
func getBuf(n int64) *[]byte {
	pool := &bigBufs
	if n <= smallBuf {
		pool = &smallBufs
	}
	b := pool.Get().(*[]byte)
	*b = (*b)[:max(n, 0)]
	return b
}

func putBuf(b *[]byte) {
	if cap(*b) == smallBuf {
		smallBufs.Put(b)
	} else {
		bigBufs.Put(b)
	}
}
