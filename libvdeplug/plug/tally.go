// SPDX-License-Identifier: Apache-2.0

package plug

import "sync/atomic"

// Tally is the place where a plugin counts for [Stats]. The zero value is
// ready; all methods are safe for concurrent use.
type Tally struct {
	malformed atomic.Uint64
	dropped   atomic.Uint64
}

// Malformed counts n packets that are no frames.
func (t *Tally) Malformed(n int) { t.malformed.Add(uint64(n)) }

// Dropped counts n frames that no port took.
func (t *Tally) Dropped(n int) { t.dropped.Add(uint64(n)) }

// Stats returns the numbers so far.
func (t *Tally) Stats() Stats {
	return Stats{Malformed: t.malformed.Load(), Dropped: t.dropped.Load()}
}
