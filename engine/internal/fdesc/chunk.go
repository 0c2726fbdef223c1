// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"math/bits"
	"sync/atomic"
)

// chunkShift: a chunk describes 256 pages, 1 MiB, and is the unit of eviction.
const (
	chunkShift = 8
	chunkPages = 1 << chunkShift
)

// chunk says which pages of a part of a file are cached. Guarded by ino.mu.
type chunk struct {
	ino    *inode
	index  int64
	loaded pageBits
	backed pageBits            // loaded and not a hole in the stand-in, as far as we know
	sums   *[chunkPages]uint64 // of what the file system has; see writeback.go
	used   atomic.Bool         // since the clock's hand passed
	cost   int64               // charged to the lru; guarded by lru.mu
	place  place[chunk]        // in the lru; guarded by lru.mu
}

type pageBits [chunkPages / 64]uint64

func (b *pageBits) has(i int64) bool { return b[i>>6]>>(i&63)&1 != 0 }
func (b *pageBits) set(i int64)      { b[i>>6] |= 1 << (i & 63) }
func (b *pageBits) clear(i int64)    { b[i>>6] &^= 1 << (i & 63) }

func (b *pageBits) count() (n int) {
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// run is how many set bits follow each other from i on.
func (b *pageBits) run(i int64) int64 {
	start := i
	for i < chunkPages {
		w := ^(b[i>>6] >> (i & 63))
		n := min(int64(bits.TrailingZeros64(w)), 64-i&63)
		i += n
		if i&63 != 0 || n == 0 {
			break
		}
	}
	return i - start
}

// isLoaded tells whether a page is cached. ino.mu is held.
func (ino *inode) isLoaded(page int64) bool {
	ch := ino.chunks[page>>chunkShift]
	return ch != nil && ch.loaded.has(page&(chunkPages-1))
}

// loadedRun is how many pages from page on are cached, at most up to end. ino.mu is held for reading at
// least.
func (ino *inode) loadedRun(page, end int64) int64 {
	start := page
	for page < end {
		ch := ino.chunks[page>>chunkShift]
		if ch == nil {
			break
		}
		if !ch.used.Load() {
			ch.used.Store(true)
		}
		n := ch.loaded.run(page & (chunkPages - 1))
		page += n
		if page&(chunkPages-1) != 0 || n == 0 {
			break
		}
	}
	return min(page, end) - start
}

// mark notes a page as cached. ino.mu is held.
func (ino *inode) mark(page int64, backed bool) {
	ch := ino.chunks[page>>chunkShift]
	if ch == nil {
		ch = &chunk{ino: ino, index: page >> chunkShift}
		ino.chunks[ch.index] = ch
		ch.used.Store(true)
	}
	i := page & (chunkPages - 1)
	ch.loaded.set(i)
	if backed {
		ch.backed.set(i)
	}
}

// unmark notes pages as not cached, mapped or not. ino.mu is held.
func (ino *inode) unmark(e extent) {
	for page := e.first; page < e.end; page++ {
		if ch := ino.chunks[page>>chunkShift]; ch != nil {
			ch.loaded.clear(page & (chunkPages - 1))
		}
	}
}

// account charges the lru for the chunks of a range, and frees empty ones. ino.mu is held.
func (ino *inode) account(e extent) {
	ino.eachChunk(e, func(ch *chunk) {
		if ch.loaded == (pageBits{}) {
			delete(ino.chunks, ch.index)
			ino.s.cache.remove(ch)
			return
		}
		ino.s.cache.charge(ch, max(1, int64(ch.backed.count()))<<pageShift)
	})
}

// eachChunk calls f for the chunks of a range that there are.
func (ino *inode) eachChunk(e extent, f func(*chunk)) {
	first, last := e.first>>chunkShift, (e.end-1)>>chunkShift
	if last-first < int64(len(ino.chunks)) {
		for i := first; i <= last; i++ {
			if ch := ino.chunks[i]; ch != nil {
				f(ch)
			}
		}
		return
	}
	for i, ch := range ino.chunks {
		if first <= i && i <= last {
			f(ch)
		}
	}
}
