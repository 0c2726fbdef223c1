// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"sync"
	"time"

	"vuos.dev/engine/internal/guest"
)

// interrupts watches guests that wait for the answer to a call which waits for something
// outside. No event tells that such a guest has a signal to handle; the state letter of
// its thread does, so it is looked at from time to time, the longer the wait the more rarely.
type interrupts struct {
	mu      sync.Mutex
	waiting map[*interrupt]struct{}
	added   bool // since the last look
	soon    bool // the watcher looks soon by itself: waking it costs more than a look
	wake    chan struct{}
}

// interrupt is one call that waits.
type interrupt struct {
	c     *call
	tid   int
	ch    chan struct{}
	seen  bool // has waited since the last look
	fired bool
}

const (
	lookAfter  = time.Millisecond
	lookAtMost = 20 * time.Millisecond // in the first second
	lookRarely = 100 * time.Millisecond
	lookShare  = 50 // one part in so many of the time since a call began to wait passes between looks, then

	// looksForNone is how many looks that find nobody end the watch.
	looksForNone = 20
)

func (i *interrupts) init() {
	i.waiting = map[*interrupt]struct{}{}
	i.wake = make(chan struct{}, 1)
	go i.watch()
}

func (i *interrupts) add(c *call) *interrupt {
	w := &interrupt{c: c, tid: c.TID(), ch: make(chan struct{})}
	i.mu.Lock()
	i.waiting[w] = struct{}{}
	wake := !i.soon
	i.added, i.soon = true, true
	i.mu.Unlock()
	if wake {
		i.rouse()
	}
	return w
}

// rouse has the watcher look now.
func (i *interrupts) rouse() {
	select {
	case i.wake <- struct{}{}:
	default:
	}
}

func (i *interrupts) drop(w *interrupt) {
	i.mu.Lock()
	delete(i.waiting, w)
	i.mu.Unlock()
}

func (i *interrupts) watch() {
	for range i.wake {
		since, d := time.Now(), lookAfter
		for none := 0; none < looksForNone; none++ {
			select {
			case <-time.After(d):
			case <-i.wake:
			}
			if i.look() {
				none = 0
			}
			d = min(2*d, max(lookAtMost, time.Since(since)/lookShare), lookRarely)
			if i.looksSoon(d) {
				since, d = time.Now(), lookAfter
			}
		}
		if i.looksSoon(lookRarely) {
			i.rouse()
		}
	}
}

// looksSoon notes that the next look is after d, and tells whether a call has come meanwhile, for which that is too late.
func (i *interrupts) looksSoon(d time.Duration) (added bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	added, i.added = i.added, false
	i.soon = added || d <= 2*lookAfter
	return added
}

// look closes the channels of those that are to give up, and tells whether any call
// waits.
func (i *interrupts) look() (waiting bool) {
	i.mu.Lock()
	all := make([]*interrupt, 0, len(i.waiting))
	for w := range i.waiting {
		if w.seen && !w.fired {
			all = append(all, w)
		}
		waiting = waiting || !w.fired
		w.seen = true
	}
	i.mu.Unlock()
	for _, w := range all {
		if st := guest.State(w.tid); st != 'S' && st != 'R' {
			w.fired = true
			close(w.ch)
			w.c.Wake(nil)
		}
	}
	return waiting
}
