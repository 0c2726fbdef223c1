// SPDX-License-Identifier: Apache-2.0

// Package deadline gives waits upon channels the deadlines that files have.
package deadline

import (
	"sync"
	"time"
)

// Deadline is a point in time that a wait ends at and that can be moved while
// somebody waits. The zero value never comes. Safe for concurrent use.
type Deadline struct {
	mu     sync.Mutex
	timer  *time.Timer
	sets   uint64        // number of Set calls
	passed chan struct{} // closed when the time has come
}

// Passed returns a channel that is closed when the deadline has passed. It is
// good until the next Set that moves a passed deadline into the future.
func (d *Deadline) Passed() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.channel()
}

func (d *Deadline) channel() chan struct{} {
	if d.passed == nil {
		d.passed = make(chan struct{})
	}
	return d.passed
}

// Set moves the deadline; the zero time is never.
func (d *Deadline) Set(t time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sets++
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
	passed := d.channel()
	over := isClosed(passed)
	wait := time.Until(t)
	switch {
	case !t.IsZero() && wait <= 0:
		if !over {
			close(passed)
		}
		return
	case over:
		d.passed = make(chan struct{})
	}
	if !t.IsZero() {
		set := d.sets
		d.timer = time.AfterFunc(wait, func() { d.fire(set) })
	}
}

// fire is called when the time of Set number set has come.
func (d *Deadline) fire(set uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sets == set && !isClosed(d.passed) {
		close(d.passed)
	}
}

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}
