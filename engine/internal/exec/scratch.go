// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// New strings and argument lists need memory in the guest that nobody uses. What
// lies below the stack pointer is not free: a vfork child of a Go program runs on
// a goroutine's stack of a few hundred free bytes in the midst of the parent's
// heap, musl's posix_spawn gives its child a part of the parent's frame, and
// a signal handler would write over it. So the guest gets an area of its own, by an
// mmap made in its name, at a fixed place where it is found again: children by fork
// inherit it, a vfork child makes it in the parent, which keeps it, and later ones
// use it again. Parts of it are handed out for the whole of umvu, so no two
// calls under way share any.

const (
	// areaSize is the size of the area, in bytes. Only what is used takes memory.
	areaSize = 16 << 20

	// areaBase is the first place tried for the area. Neither the kernel's mmap nor
	// Go's heap comes here by itself, nor do the sanitizers keep data here.
	areaBase = 0x4100_0000_0000

	// areaStep is the distance to the next place tried, in bytes.
	areaStep = 1 << 32

	// areaPlaces is how many places are tried.
	areaPlaces = 4

	// markSize is the size of the mark at the beginning of the area, in bytes.
	markSize = 64

	// partAlign is the alignment of the parts handed out, in bytes.
	partAlign = 64
)

// mark is what tells an area made by this umvu from anything else.
var mark = sync.OnceValue(func() []byte {
	b := make([]byte, markSize)
	_, _ = rand.Read(b) // never fails, see crypto/rand
	return b
})

// hasArea tells whether the guest has its area at base.
func hasArea(m memory, base uint64) bool {
	var b [markSize]byte
	return m.readAt(b[:], base) == nil && bytes.Equal(b[:], mark())
}

// span is a part of the area, as offsets from its base.
type span struct{ from, to int }

// parts is what of the area is in use.
var parts struct {
	mu   sync.Mutex
	used []span // ascending
}

// takePart finds n bytes that nobody uses.
func takePart(n int) (span, error) {
	n = (n + partAlign - 1) / partAlign * partAlign
	parts.mu.Lock()
	defer parts.mu.Unlock()
	from := markSize
	i := 0
	for ; i < len(parts.used) && parts.used[i].from-from < n; i++ {
		from = parts.used[i].to
	}
	if from+n > areaSize {
		return span{}, fmt.Errorf("%d bytes for arguments: %w", n, unix.E2BIG)
	}
	s := span{from, from + n}
	parts.used = slices.Insert(parts.used, i, s)
	return s, nil
}

// freePart gives a part back.
func freePart(s span) {
	parts.mu.Lock()
	defer parts.mu.Unlock()
	if i := slices.Index(parts.used, s); i >= 0 {
		parts.used = slices.Delete(parts.used, i, i+1)
	}
}
