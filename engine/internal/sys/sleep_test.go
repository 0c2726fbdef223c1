// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"iter"
	"testing"
)

// A call that has given its place away sleeps until it is woken, and not at all if it was woken before.
func TestSleepOnGoroutine(t *testing.T) {
	c := newCall(&Supervisor{})
	c.blocked = true
	c.Wake(nil)
	c.Wake(nil)
	c.Sleep(false)
	for range 1000 {
		woken := make(chan struct{})
		go func() {
			c.Wake(nil)
			close(woken)
		}()
		c.Sleep(false)
		<-woken
	}
}

// sleeper is a worker whose call sleeps until it is over, again and again.
func sleeper(s *Supervisor, over *int) *worker {
	w := &worker{c: newCall(s)}
	w.c.worker = w
	w.next, w.stop = iter.Pull(func(leave func(why) bool) {
		w.c.leave = leave
		for *over == 0 {
			w.c.Sleep(false)
		}
		leave(stepsAside)
	})
	return w
}

// The receiver leaves a call that sleeps, and goes on with it when another call has woken it, before or after it was left.
func TestSleepOnWorker(t *testing.T) {
	s := &Supervisor{}
	by := newCall(s)
	by.worker = &worker{c: by}
	for _, early := range []bool{false, true} {
		over := 0
		w := sleeper(s, &over)
		if early {
			w.c.Wake(by) // it does not sleep the first time
		}
		if r, _ := w.next(); r != sleeps || !w.c.asleep() {
			t.Fatal("does not sleep")
		}
		w.c.Wake(by)
		if len(s.workers.ready) != 1 || s.workers.take(s) != w {
			t.Fatal("not ready")
		}
		over = 1
		if r, _ := w.next(); r != stepsAside {
			t.Fatal("sleeps on")
		}
		w.stop()
	}
}

// A call that was woken after it left its goroutine and before the receiver knows is gone on with at once.
func TestWokenWhileLeaving(t *testing.T) {
	s := &Supervisor{}
	over := 0
	w := sleeper(s, &over)
	w.next()
	w.c.Wake(nil)
	if w.c.asleep() {
		t.Fatal("the wake was lost")
	}
	over = 1
	w.next()
	w.stop()
}

// What wakes a call from outside has it go on beside the receiver, without its place.
func TestWakeFromOutside(t *testing.T) {
	s := &Supervisor{}
	over := 0
	w := sleeper(s, &over)
	w.next()
	if !w.c.asleep() {
		t.Fatal("does not sleep")
	}
	over = 1
	w.c.Wake(nil)
	for done := false; !done; {
		s.workers.mu.Lock()
		done = len(s.workers.idle) == 1
		s.workers.mu.Unlock()
	}
	if !w.c.blocked || s.workers.take(s) != w {
		t.Fatal("not put back")
	}
	w.stop()
}
