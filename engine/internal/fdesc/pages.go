// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Pages is the page cache of n, or nil if there is none now.
func (s *Store) Pages(n engine.Node) engine.Pages {
	s.imu.Lock()
	defer s.imu.Unlock()
	if ino := s.inodes[n]; ino != nil {
		return ino
	}
	return nil
}

// Invalidate implements [engine.Pages].
func (ino *inode) Invalidate(off, length int64) {
	if off < 0 || length == 0 {
		return
	}
	e := pagesOf(off, length)
	ino.invalidate(e)
	ino.reloadLater(e)
}

// invalidate drops the pages of e that are not mapped.
func (ino *inode) invalidate(e extent) {
	ino.mu.Lock()
	defer ino.mu.Unlock()
	if ino.gone {
		return
	}
	ino.dropGen++
	ino.spoil(e)
	ino.unload(e)
}

// Resize implements [engine.Pages]. Where guests write natively the stand-in is the truth, and the file system
// learns of the size when it is written back: what it tells meanwhile is older.
func (ino *inode) Resize(size int64) {
	if size < 0 {
		return
	}
	ino.mu.Lock()
	old := ino.size
	// A change of size under way here is followed by who makes it, before the guest goes on: later, in the background, would be
	// too late for what the guest stores in a mapping then.
	if ino.gone || ino.natives > 0 || ino.sizing.Load() > 0 {
		ino.mu.Unlock()
		return
	}
	ino.sizeGen++
	ino.resize(size)
	ino.mu.Unlock()
	ino.grownLater(old, size)
}

// grownLater is grown for a file system that tells of a new size and may hold locks of its own.
func (ino *inode) grownLater(old, size int64) {
	if size <= old || ino.pinned.Load() == 0 {
		return
	}
	ino.s.releases.add(1)
	ino.s.spawn(func() {
		if err := ino.grown(ino.s.Background, old, size); err != nil {
			ino.s.log(engine.LogErr, "a mapping shows zeros behind %d: %v", old, err)
		}
	})
}

// Store implements [engine.Pages]. Of pages that are not cached, only those are
// stored that p covers, or that it covers up to the end of the file.
func (ino *inode) Store(off int64, p []byte) {
	if off < 0 || len(p) == 0 {
		return
	}
	ino.mu.Lock()
	old, size := ino.size, ino.size
	if !ino.gone {
		ino.dropGen++
		ino.spoil(pagesOf(off, int64(len(p))))
		if end := off + int64(len(p)); end > ino.size {
			ino.sizeGen++
			ino.resize(end)
		}
		ino.update(p, off, ino.size, true)
		size = ino.size
	}
	ino.mu.Unlock()
	ino.grownLater(old, size)
	ino.s.cache.shrink()
}

// Zero implements [engine.Pages].
func (ino *inode) Zero(off, length int64) {
	if off < 0 || length <= 0 {
		return
	}
	ino.mu.Lock()
	defer ino.mu.Unlock()
	if !ino.gone {
		ino.dropGen++
		ino.zeroLocked(off, length)
	}
}

// Retrieve implements [engine.Pages].
func (ino *inode) Retrieve(off int64, p []byte) int {
	if off < 0 {
		return 0
	}
	ino.mu.RLock()
	defer ino.mu.RUnlock()
	if ino.gone || off >= ino.size {
		return 0
	}
	p = p[:min(int64(len(p)), ino.size-off)]
	n, _ := ino.copyOut(p, off)
	return n
}

// copyOut reads what is cached from off on, at most to the first page that is not; hit tells whether
// the page of off is cached. ino.mu is held for reading at least.
func (ino *inode) copyOut(p []byte, off int64) (n int, hit bool) {
	e := pagesOf(off, int64(len(p)))
	end := (e.first + ino.loadedRun(e.first, e.end)) << pageShift
	if ino.natives > 0 {
		end = e.end << pageShift
	}
	if end <= off {
		return 0, false
	}
	p = p[:min(int64(len(p)), end-off)]
	n, err := unix.Pread(ino.fd, p, off)
	if err != nil {
		ino.s.log(engine.LogErr, "stand-in %s: read at %d: %v", ino.base, off, err)
		return 0, false
	}
	return n, true
}

// unload drops the pages of e that are not mapped. ino.mu is held.
func (ino *inode) unload(e extent) {
	ino.eachChunk(e, func(ch *chunk) {
		base := ch.index << chunkShift
		from, to := max(e.first-base, 0), min(e.end-base, chunkPages)
		for i := from; i < to; {
			if !ch.loaded.has(i) || ino.isPinned(base+i) {
				i++
				continue
			}
			start, backed := i, false
			for ; i < to && ch.loaded.has(i) && !ino.isPinned(base+i); i++ {
				backed = backed || ch.backed.has(i)
				ch.loaded.clear(i)
				ch.backed.clear(i)
				if ch.sums != nil {
					ch.sums[i] = 0
				}
			}
			if backed {
				ino.punch(base+start, base+i)
			}
		}
	})
	ino.account(e)
}

// punch makes pages of the stand-in holes.
func (ino *inode) punch(first, end int64) {
	const mode = unix.FALLOC_FL_PUNCH_HOLE | unix.FALLOC_FL_KEEP_SIZE
	if err := unix.Fallocate(ino.fd, mode, first<<pageShift, (end-first)<<pageShift); err != nil {
		ino.s.log(engine.LogErr, "stand-in %s: punching a hole: %v", ino.base, err)
	}
}

// isPinned tells whether a page is mapped or natively read by a guest. ino.mu is held.
func (ino *inode) isPinned(page int64) bool {
	if ino.readers > 0 {
		return true
	}
	for _, o := range ino.mapped {
		if o.pins.has(page) {
			return true
		}
	}
	return false
}
