// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"sync/atomic"

	"vuos.dev/engine"
)

// sleep is what a call knows of its sleep.
type sleep struct {
	state atomic.Int32
	woke  chan struct{} // of a call that waits on a goroutine of its own
}

// States of a sleep.
const (
	isAwake   int32 = iota
	isWoken         // is awake, and will not sleep the next time
	isAsleep        // its worker does not run
	isWaiting       // it waits for woke
)

var _ engine.Sleeper = (*call)(nil)

// Sleep implements [engine.Sleeper]. The receiver leaves its place to another worker; a call that has given its place away
// already waits where it is.
func (c *call) Sleep(interruptible bool) {
	if c.outer != nil {
		c.outer.Sleep(interruptible)
		return
	}
	if interruptible {
		c.Interrupted()
	}
	if c.sleep.state.CompareAndSwap(isWoken, isAwake) {
		return
	}
	if c.leave != nil && !c.blocked {
		c.leave(sleeps)
		return
	}
	if c.sleep.woke == nil {
		c.sleep.woke = make(chan struct{})
	}
	if c.sleep.state.CompareAndSwap(isAwake, isWaiting) {
		<-c.sleep.woke
		return
	}
	c.sleep.state.Store(isAwake)
}

// asleep tells whether the call, whose worker has left, is to be woken: it may have been meanwhile.
func (c *call) asleep() bool {
	if c.sleep.state.CompareAndSwap(isAwake, isAsleep) {
		return true
	}
	c.sleep.state.Store(isAwake)
	return false
}

// Wake implements [engine.Sleeper].
func (c *call) Wake(by engine.Call) {
	if c.outer != nil {
		c.outer.Wake(by)
		return
	}
	for {
		switch state := &c.sleep.state; state.Load() {
		case isAwake:
			if state.CompareAndSwap(isAwake, isWoken) {
				return
			}
		case isWoken:
			return
		case isAsleep:
			if state.CompareAndSwap(isAsleep, isAwake) {
				c.worker.goOn(by)
				return
			}
		case isWaiting:
			if state.CompareAndSwap(isWaiting, isAwake) {
				c.sleep.woke <- struct{}{}
				return
			}
		}
	}
}
