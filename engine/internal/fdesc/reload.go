// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// reloadLater reads again what guests have mapped or read natively of e, for a file system that tells that it changed and may hold
// locks of its own.
func (ino *inode) reloadLater(e extent) {
	if ino.pinned.Load() == 0 {
		return
	}
	ino.s.releases.add(1)
	ino.s.spawn(func() {
		if err := ino.reload(ino.s.Background, e); err != nil {
			ino.s.log(engine.LogErr, "a mapping or open file goes on showing what %s was before: %v", ino.base, err)
		}
	})
}

// reload reads the pages of e again that are pinned and that nobody here may have changed since.
func (ino *inode) reload(c engine.Call, e extent) error {
	o := ino.pinnedReader()
	if o == nil {
		return nil
	}
	tries := 0
	for page := e.first; ; {
		l := ino.beginAgain(page, e.end)
		if l == nil {
			return nil
		}
		stale, err := ino.readAgain(c, o.reader, l)
		if err != nil {
			return err
		}
		if stale {
			if tries++; tries > maxLoadTries {
				return unix.EAGAIN
			}
			continue
		}
		page, tries = l.end, 0
	}
}

// beginAgain starts to load the next pages from page on that are to be read again; nil if there are none before end.
func (ino *inode) beginAgain(page, end int64) *load {
	ino.mu.Lock()
	defer ino.mu.Unlock()
	if ino.gone || ino.natives > 0 {
		return nil
	}
	end = min(end, pagesOf(0, ino.size).end)
	again := func(page int64) bool { return ino.isLoaded(page) && ino.isPinned(page) && !ino.isDirty(page) }
	for page < end && !again(page) {
		page++
	}
	if page >= end {
		return nil
	}
	first := page
	for page < end && page-first < maxWindow && again(page) {
		page++
	}
	l := &load{extent: extent{first, page}, done: make(chan struct{})}
	ino.loads = append(ino.loads, l)
	return l
}

func (ino *inode) readAgain(c engine.Call, r engine.FileReader, l *load) (stale bool, err error) {
	start := l.first << pageShift
	bp := getBuf((l.end - l.first) << pageShift)
	defer putBuf(bp)
	var data []byte
	defer func() { stale = ino.finish(l, data) }()
	n, err := r.ReadAt(c, *bp, start)
	if err == nil {
		data = (*bp)[:max(0, min(n, len(*bp)))]
	}
	return false, err
}
