// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"sync"
	"sync/atomic"
)

// lru bounds the page cache: all chunks in a queue, with a second chance for those used since
// they were last looked at.
type lru struct {
	limit    atomic.Int64
	bytes    atomic.Int64
	bound    atomic.Int64 // bytes of files that are read natively
	evicting sync.Mutex

	mu     sync.Mutex
	chunks queue[chunk]
}

// SetLimit bounds the bytes of file contents that are cached. What is mapped counts but is
// never evicted.
func (s *Store) SetLimit(bytes int64) {
	s.cache.limit.Store(bytes)
	s.cache.shrink()
}

// CachedBytes is how much file contents are cached, in whole pages.
func (s *Store) CachedBytes() int64 { return s.cache.bytes.Load() }

func (l *lru) charge(ch *chunk, cost int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ch.place.of == nil {
		l.chunks.push(ch, &ch.place)
	}
	l.bytes.Add(cost - ch.cost)
	ch.cost = cost
}

func (l *lru) remove(ch *chunk) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.chunks.remove(&ch.place)
	l.bytes.Add(-ch.cost)
	ch.cost = 0
}

// next takes the chunk that is to be evicted, and puts it at the end of the queue.
func (l *lru) next(tries *int) *chunk {
	l.mu.Lock()
	defer l.mu.Unlock()
	for ; *tries > 0 && l.chunks.n > 0; *tries-- {
		ch := l.chunks.first.of
		l.chunks.remove(&ch.place)
		l.chunks.push(ch, &ch.place)
		if !ch.used.Swap(false) {
			*tries--
			return ch
		}
	}
	return nil
}

// shrink evicts until the limit is kept or everything left is in use. No inode's mu is held.
func (l *lru) shrink() {
	if l.bytes.Load() <= l.limit.Load() || !l.evicting.TryLock() {
		return
	}
	defer l.evicting.Unlock()
	l.mu.Lock()
	tries := 2*l.chunks.n + 1
	l.mu.Unlock()
	for l.bytes.Load() > l.limit.Load() {
		ch := l.next(&tries)
		if ch == nil {
			return
		}
		ch.ino.evict(ch)
	}
}

// evict drops the unmapped pages of a chunk.
func (ino *inode) evict(ch *chunk) {
	ino.mu.Lock()
	defer ino.mu.Unlock()
	if !ino.gone && ino.chunks[ch.index] == ch {
		ino.unload(extent{ch.index << chunkShift, (ch.index + 1) << chunkShift})
	}
}
