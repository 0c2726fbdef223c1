// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"fmt"
	"hash/maphash"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

var sumSeed = maphash.MakeSeed()

// zeroSum is the checksum of a page of zeros.
var zeroSum = pageSum(zeroPage[:])

// pageSum is a checksum of a page, never 0: that stands for unknown.
func pageSum(p []byte) uint64 { return max(maphash.Bytes(sumSeed, p), 1) }

// sum notes what the file system has of the pages of e, before a guest can write to them.
func (ino *inode) sum(e extent) {
	ino.mu.Lock()
	defer ino.mu.Unlock()
	var page [pageSize]byte
	e.end = min(e.end, pagesOf(0, ino.size).end)
	ino.eachChunk(e, func(ch *chunk) {
		if ch.backed == (pageBits{}) {
			return // zeros need no sums
		}
		if ch.sums == nil {
			ch.sums = new([chunkPages]uint64)
		}
		base := ch.index << chunkShift
		for i := max(e.first-base, 0); i < min(e.end-base, chunkPages); i++ {
			if ch.sums[i] != 0 || !ch.backed.has(i) || ino.isDirty(base+i) {
				continue
			}
			n, err := unix.Pread(ino.fd, page[:], (base+i)<<pageShift)
			if err == nil {
				clear(page[n:])
				ch.sums[i] = pageSum(page[:])
			}
		}
	})
}

// isDirty tells whether a guest may have written to a page. ino.mu is held.
func (ino *inode) isDirty(page int64) bool {
	for _, o := range ino.mapped {
		if o.dirty.has(page) {
			return true
		}
	}
	return false
}

// writeBackAll is writeBackHeld for all that is mapped or native. The write lock is held.
func (ino *inode) writeBackAll(c engine.Call) error {
	ino.mu.RLock()
	var opens []*Open
	for _, o := range ino.mapped {
		if len(o.dirty) > 0 {
			opens = append(opens, o)
		}
	}
	ino.mu.RUnlock()
	var first error
	for _, o := range opens {
		if err := ino.writeBackHeld(c, o, 0, lastPage); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// writeBack writes the pages from first to end that o may have changed natively, and did, to the file system.
func (ino *inode) writeBack(c engine.Call, o *Open, first, end int64) error {
	if err := ino.writeLock.lock(c); err != nil {
		return err
	}
	defer ino.writeLock.unlock()
	return ino.writeBackHeld(c, o, first, end)
}

func (ino *inode) writeBackHeld(c engine.Call, o *Open, first, end int64) error {
	size, err := ino.refresh(c, o)
	if err != nil {
		return ino.failed(err)
	}
	ino.mu.RLock()
	dirty := append(extents(nil), o.dirty...)
	ino.mu.RUnlock()
	bp := getBuf(maxBuf)
	defer putBuf(bp)
	for _, e := range dirty {
		page, end := max(e.first, first), min(e.end, end, pagesOf(0, size).end)
		for page < end {
			if page = ino.skipHole(page); page >= end {
				break
			}
			to := min(end, (page>>chunkShift+1)<<chunkShift)
			if err := ino.writeBackChunk(c, o, extent{page, to}, *bp); err != nil {
				return ino.failed(err)
			}
			page = to
		}
	}
	return nil
}

// skipHole returns the next page from page on that has data in the stand-in or had some in the file system.
func (ino *inode) skipHole(page int64) int64 {
	ino.mu.RLock()
	defer ino.mu.RUnlock()
	if ch := ino.chunks[page>>chunkShift]; ch != nil && ch.backed != (pageBits{}) {
		return page
	}
	off, err := unix.Seek(ino.fd, page<<pageShift, unix.SEEK_DATA)
	next := lastPage
	if err == nil {
		next = off >> pageShift
	}
	ino.eachChunk(extent{page, next}, func(ch *chunk) {
		if ch.backed != (pageBits{}) {
			next = min(next, ch.index<<chunkShift)
		}
	})
	return max(next, page)
}

// writeBackChunk does a part of one chunk.
func (ino *inode) writeBackChunk(c engine.Call, o *Open, e extent, buf []byte) error {
	var sums, now [chunkPages]uint64
	start := e.first << pageShift
	ino.mu.RLock()
	n, err := unix.Pread(ino.fd, buf[:(e.end-e.first)<<pageShift], start)
	if ch := ino.chunks[e.first>>chunkShift]; ch != nil {
		ch.sumsOf(sums[:e.end-e.first], e.first&(chunkPages-1))
	}
	ino.mu.RUnlock()
	if err != nil {
		return err
	}
	pages := pagesOf(0, int64(n)).end
	clear(buf[n : pages<<pageShift])
	for i := int64(0); i < pages; {
		now[i] = pageSum(buf[i<<pageShift : (i+1)<<pageShift])
		if now[i] == sums[i] {
			i++
			continue
		}
		from := i
		for i++; i < pages; i++ {
			if now[i] = pageSum(buf[i<<pageShift : (i+1)<<pageShift]); now[i] == sums[i] {
				break
			}
		}
		data := buf[from<<pageShift : min(i<<pageShift, int64(n))]
		if err := writeAll(c, o, data, start+from<<pageShift); err != nil {
			return err
		}
		ino.setSums(e.first+from, now[from:i])
	}
	return nil
}

// sumsOf gives the checksums of pages from first on. Those that were loaded as zeros have none of their own. ino.mu is held.
func (ch *chunk) sumsOf(sums []uint64, first int64) {
	if ch.sums != nil {
		copy(sums, ch.sums[first:])
	}
	for i := range sums {
		if at := first + int64(i); sums[i] == 0 && ch.loaded.has(at) && !ch.backed.has(at) {
			sums[i] = zeroSum
		}
	}
}

// setSums notes what the file system has now.
func (ino *inode) setSums(page int64, sums []uint64) {
	ino.mu.Lock()
	defer ino.mu.Unlock()
	ino.spoil(extent{page, page + int64(len(sums))})
	ch := ino.chunks[page>>chunkShift]
	if ch == nil {
		return
	}
	if ch.sums == nil {
		ch.sums = new([chunkPages]uint64)
	}
	copy(ch.sums[page&(chunkPages-1):], sums)
}

func writeAll(c engine.Call, o *Open, p []byte, off int64) error {
	for len(p) > 0 {
		n, err := o.writer.WriteAt(c, p, off)
		if err != nil {
			return err
		}
		if n <= 0 || n > len(p) {
			return fmt.Errorf("%d of %d bytes written: %w", n, len(p), unix.EIO)
		}
		p, off = p[n:], off+int64(n)
	}
	return nil
}

// failed keeps an error of writing back for the next fsync or close of each open file, as the
// kernel's errseq_t does.
func (ino *inode) failed(err error) error {
	ino.mu.Lock()
	defer ino.mu.Unlock()
	ino.failedLocked(err)
	return err
}

// failedLocked is failed with ino.mu held.
func (ino *inode) failedLocked(err error) {
	ino.wbSeq++
	ino.wbErr = err
	ino.s.log(engine.LogErr, "writing back a mapped file: %v", err)
}
