// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Map prepares a native mmap(2) of the open file's descriptor: what is mapped is loaded, and
// stays until the last close. off and length are in bytes; prot and flags are mmap's.
//
// Errors: EBADF, EACCES, EINVAL, EOVERFLOW, ENODEV as mmap(2); ENOMEM if there is no room; the file system's.
func (o *Open) Map(c engine.Call, off, length int64, prot, flags int) error {
	shared := flags&unix.MAP_TYPE != unix.MAP_PRIVATE
	switch {
	case o.Flags&unix.O_PATH != 0:
		return unix.EBADF
	case off < 0 || off&(pageSize-1) != 0 || length <= 0:
		return unix.EINVAL
	case off > (1<<63-1)-length-pageSize:
		return unix.EOVERFLOW
	case o.ino == nil || o.reader == nil || o.ready != nil:
		return unix.ENODEV
	case !o.mayRead() || shared && prot&unix.PROT_WRITE != 0 && !o.mayWrite():
		return unix.EACCES
	case o.backing != nil && shared && prot&unix.PROT_WRITE != 0:
		o.mayWriteUnseen()
		return nil
	case o.Native():
		return nil
	}
	if m, ok := o.File.(engine.FileMapper); ok {
		if err := m.MayMap(shared); err != nil {
			return err
		}
	}
	// A shared mapping may be made writable later, by mprotect(2).
	return o.pin(c, o.reader, pagesOf(off, length), shared && o.mayWrite() && o.writer != nil)
}

// pin has pages loaded, read from r, and keeps them.
func (o *Open) pin(c engine.Call, r engine.FileReader, e extent, writable bool) error {
	ino := o.ino
	size, err := ino.refresh(c, o)
	if err != nil {
		return err
	}
	ino.mu.Lock()
	if o.direct && len(ino.mapped) == 0 {
		ino.unload(e) // only what other opens have cached may be old
	}
	if len(o.pins) == 0 {
		ino.mapped = append(ino.mapped, o)
		ino.pinned.Add(1)
	}
	o.pins.add(e)
	ino.mu.Unlock()
	if err := ino.loadPinned(c, r, e, size); err != nil {
		return err
	}
	if writable {
		ino.sum(e)
		ino.mu.Lock()
		o.dirty.add(e)
		ino.mu.Unlock()
	}
	return nil
}

// unpin lets go of what o had mapped.
func (ino *inode) unpin(o *Open) {
	ino.mu.Lock()
	defer ino.mu.Unlock()
	if len(o.pins) == 0 {
		return
	}
	for i, other := range ino.mapped {
		if other == o {
			ino.mapped = append(ino.mapped[:i], ino.mapped[i+1:]...)
			break
		}
	}
	ino.pinned.Add(-1)
	pins, eof := o.pins, pagesOf(0, ino.size).end
	o.pins, o.dirty = nil, nil
	if o.owns {
		ino.natives--
		ino.unmaterialize()
		return
	}
	// Pages that were holes may have been written to natively.
	for _, e := range pins {
		e.end = min(e.end, eof)
		ino.eachChunk(e, func(ch *chunk) { ch.backed = ch.loaded })
		ino.account(e)
	}
}

// maxLoadTries bounds the attempts to get a page into the stand-in: it may be invalidated while it is
// read, but not for ever.
const maxLoadTries = 64

// loadPinned loads those pages of e that are mapped and not beyond size.
func (ino *inode) loadPinned(c engine.Call, r engine.FileReader, e extent, size int64) error {
	e.end = min(e.end, pagesOf(0, size).end)
	tries := 0
	for page := e.first; page < e.end; {
		ino.mu.RLock()
		n := ino.loadedRun(page, e.end)
		if ino.natives > 0 { // the stand-in has everything
			n = e.end - page
		}
		if n == 0 && !ino.isPinned(page) {
			n = 1
		}
		ino.mu.RUnlock()
		if n > 0 {
			page, tries = page+n, 0
			continue
		}
		if tries++; tries > maxLoadTries {
			return unix.ENOMEM
		}
		window := extent{page, min(page+maxWindow, e.end)}
		var probe [1]byte
		got, again, err := ino.fill(c, r, probe[:], page<<pageShift, size, window)
		if err != nil {
			return err
		}
		if got == 0 && !again {
			// The file ends earlier than its size says: zeros.
			ino.mu.Lock()
			ino.mark(page, false)
			ino.account(extent{page, page + 1})
			ino.mu.Unlock()
		}
	}
	return nil
}

// loadTail reads what somebody else appended to a mapped last page.
func (ino *inode) loadTail(c engine.Call, r engine.FileReader, old, size int64) error {
	end := min(size, (old+pageSize-1)&^(pageSize-1))
	ino.mu.RLock()
	need, gen := end > old && ino.isPinned(old>>pageShift), ino.dropGen
	ino.mu.RUnlock()
	if !need {
		return nil
	}
	p := make([]byte, end-old)
	n, err := r.ReadAt(c, p, old)
	if err != nil {
		return err
	}
	ino.mu.Lock()
	defer ino.mu.Unlock()
	if gen == ino.dropGen {
		ino.update(p[:min(n, len(p))], old, ino.size, false)
	}
	return nil
}
