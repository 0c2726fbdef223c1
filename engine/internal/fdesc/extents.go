// SPDX-License-Identifier: Apache-2.0

package fdesc

import "slices"

// pageShift and pageSize: the cache's pages are those of the kernel (amd64).
const (
	pageShift = 12
	pageSize  = 1 << pageShift
)

// lastPage is beyond every page that a file can have.
const lastPage = int64(1) << (63 - pageShift)

// extent is a range of pages, end excluded.
type extent struct{ first, end int64 }

// extents is a set of pages: sorted, disjoint and not adjacent.
type extents []extent

func (x *extents) add(e extent) {
	if e.first >= e.end {
		return
	}
	s := *x
	i := 0
	for i < len(s) && s[i].end < e.first {
		i++
	}
	j := i
	for j < len(s) && s[j].first <= e.end {
		e.first = min(e.first, s[j].first)
		e.end = max(e.end, s[j].end)
		j++
	}
	*x = slices.Replace(s, i, j, e)
}

func (x extents) has(page int64) bool { return x.overlaps(extent{page, page + 1}) }

func (x extents) overlaps(e extent) bool {
	for _, s := range x {
		if s.first < e.end && e.first < s.end {
			return true
		}
	}
	return false
}

// pagesOf is the pages that the bytes [off, off+n) touch; n < 0 means to the end.
func pagesOf(off, n int64) extent {
	first := off >> pageShift
	if n < 0 || off > (1<<63-1)-n-pageSize {
		return extent{first, lastPage}
	}
	return extent{first, (off + n + pageSize - 1) >> pageShift}
}
