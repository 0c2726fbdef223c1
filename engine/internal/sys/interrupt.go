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
	wake    chan struct{}
}

// interrupt is one call that waits.
type interrupt struct {
	tid   int
	ch    chan struct{}
	fired bool
}

const (
	lookAfter  = time.Millisecond
	lookAtMost = 20 * time.Millisecond // in the first second
	lookRarely = 100 * time.Millisecond
	lookShare  = 50 // one part in so many of the time since a call began to wait passes between looks, then
)

func (i *interrupts) init(s *Supervisor) {
	i.waiting = map[*interrupt]struct{}{}
	i.wake = make(chan struct{}, 1)
	go i.watch()
}

func (i *interrupts) add(tid int) *interrupt {
	w := &interrupt{tid: tid, ch: make(chan struct{})}
	i.mu.Lock()
	i.waiting[w] = struct{}{}
	i.mu.Unlock()
	select {
	case i.wake <- struct{}{}:
	default:
	}
	return w
}

func (i *interrupts) drop(w *interrupt) {
	i.mu.Lock()
	delete(i.waiting, w)
	i.mu.Unlock()
}

func (i *interrupts) watch() {
	for range i.wake {
		since := time.Now()
		for d := lookAfter; i.look(); d = min(2*d, max(lookAtMost, time.Since(since)/lookShare), lookRarely) {
			select {
			case <-time.After(d):
			case <-i.wake:
				since, d = time.Now(), lookAfter/2
			}
		}
	}
}

// look closes the channels of those that are to give up, and tells whether any call
// waits.
func (i *interrupts) look() bool {
	i.mu.Lock()
	all := make([]*interrupt, 0, len(i.waiting))
	for w := range i.waiting {
		if !w.fired {
			all = append(all, w)
		}
	}
	i.mu.Unlock()
	for _, w := range all {
		if st := guest.State(w.tid); st != 'S' && st != 'R' {
			w.fired = true
			close(w.ch)
		}
	}
	return len(all) > 0
}
