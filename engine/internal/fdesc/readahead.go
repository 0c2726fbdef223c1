// SPDX-License-Identifier: Apache-2.0

package fdesc

import "sync/atomic"

// Windows of reading ahead, in pages. A file is expected to be read from its start; of any other read that
// does not continue the one before only what it asks for is loaded (mm/readahead.c:page_cache_sync_ra()).
const (
	firstWindow = 128 << 10 >> pageShift
	maxWindow   = maxBuf >> pageShift
)

// readahead is how an open file was read so far. Concurrent reads may confuse it, which is harmless.
type readahead struct {
	next   atomic.Int64 // byte behind the last read
	window atomic.Int64 // pages read ahead last time
}

// note takes a read of n bytes at off down.
func (r *readahead) note(off int64, n int) {
	if r.next.Load() != off {
		r.window.Store(0)
	}
	r.next.Store(off + int64(n))
}

// around is the pages to load for a read of [off, off+n), of which off is not cached, in a file of the
// given size. To be called before note of the same read.
func (r *readahead) around(off int64, n int, size int64, sequential bool) extent {
	e := pagesOf(off, int64(n))
	eof := pagesOf(0, size).end
	if sequential {
		w := min(max(2*r.window.Load(), firstWindow), maxWindow)
		r.window.Store(w)
		e.end = max(e.end, e.first+w)
	}
	// What is read at once must fit a buffer, and reach off.
	page := off >> pageShift
	e.first = max(e.first, page-maxWindow/2)
	e.end = min(e.end, e.first+maxWindow, eof)
	return e
}
