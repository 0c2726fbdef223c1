// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"sync/atomic"
	"time"
)

// late sees to it that another goroutine becomes the receiver when a call waits that was not expected to: a write into the
// kernel's page cache takes microseconds, less than handing over does, but now and then it waits for the disk.
//
// At most one call is watched at a time, since only the receiver's is: one that has handed over already
// need not be. Its number is taken out by compare-and-swap, either by its own goroutine, which stays the receiver, or by the
// watcher, who hands over.
type late struct {
	handOver func()
	last     uint64        // number of the call watched last; only the receiver uses it
	current  atomic.Uint64 // number of the call that is watched, or 0
	resting  atomic.Bool   // the watcher waits for wake
	wake     chan struct{}
}

const (
	lateAfter = time.Millisecond // a call is late after once to twice this
	restAfter = 20               // looks that find no call
)

func (l *late) init(handOver func()) {
	l.handOver = handOver
	l.wake = make(chan struct{}, 1)
	l.resting.Store(true)
	go l.watch()
}

// during runs do, and sets handedOver if another goroutine has become the receiver meanwhile. The caller is the receiver.
func (l *late) during(handedOver *bool, do func()) {
	l.last++
	n := l.last
	l.current.Store(n)
	if l.resting.Load() && l.resting.CompareAndSwap(true, false) {
		l.wake <- struct{}{}
	}
	defer func() { *handedOver = !l.current.CompareAndSwap(n, 0) }()
	do()
}

// watch is the watcher. Between bursts of calls it rests.
func (l *late) watch() {
	for range l.wake {
		for idle, seen := 0, uint64(0); idle < restAfter; {
			time.Sleep(lateAfter)
			n := l.current.Load()
			if n == 0 {
				idle++
			} else {
				idle = 0
			}
			if n != 0 && n == seen && l.current.CompareAndSwap(n, 0) {
				l.handOver()
			}
			seen = n
		}
		l.resting.Store(true)
		if l.current.Load() != 0 && l.resting.CompareAndSwap(true, false) {
			l.wake <- struct{}{}
		}
	}
}

// MayWait implements [host.Patient].
func (c *call) MayWait(do func()) (waited bool) {
	if c.outer != nil {
		return c.outer.MayWait(do)
	}
	if c.blocked || c.watched {
		do()
		return false
	}
	c.watched = true
	defer func() { c.watched = false }()
	c.s.late.during(&c.blocked, do)
	return c.blocked
}
