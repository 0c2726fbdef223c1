// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"iter"
	"sync"

	"vuos.dev/engine"
	"vuos.dev/engine/internal/guest"
	"vuos.dev/engine/internal/seccomp"
)

// worker receives and handles calls, one after the other, on a coroutine. So a call that waits for what another call brings
// (the answer of a file system that a guest serves) is left and continued by the goroutine that receives,
// without Go's scheduler, which would wake one more thread for each.
type worker struct {
	c    *call
	next func() (why, bool) // continues it until it leaves; false: no guest is left
	stop func()             // ends it
}

// why a worker leaves the goroutine that it runs on.
type why int

const (
	sleeps     why = iota // its call waits
	stepsAside            // it has no call, and another one is ready to go on
	hasNoPlace            // it has no call, and gave its place as the receiver away
)

func newWorker(s *Supervisor) *worker {
	w := &worker{c: newCall(s)}
	w.c.thread = new(guest.Thread)
	w.c.worker = w
	w.next, w.stop = iter.Pull(w.work)
	return w
}

func (w *worker) work(leave func(why) bool) {
	c, s := w.c, w.c.s
	defer c.thread.Close()
	c.leave = leave
	for {
		switch err := s.listener.Recv(&c.n); err {
		case nil:
		case seccomp.ErrGone:
			continue
		default:
			return
		}
		s.answer(c, s.handle(c))
		switch {
		case c.finish():
			if !leave(hasNoPlace) {
				return
			}
		case len(s.workers.ready) > 0:
			if !leave(stepsAside) {
				return
			}
		}
	}
}

// workers are those that do not run.
type workers struct {
	ready []*worker // their calls can go on; only the receiver uses it

	mu   sync.Mutex
	idle []*worker // without a call
}

// take finds a worker for the receiver: one whose call can go on comes first.
func (ws *workers) take(s *Supervisor) *worker {
	if n := len(ws.ready); n > 0 {
		w := ws.ready[0]
		ws.ready = append(ws.ready[:0], ws.ready[1:]...)
		return w
	}
	ws.mu.Lock()
	defer ws.mu.Unlock()
	if n := len(ws.idle); n > 0 {
		w := ws.idle[n-1]
		ws.idle = ws.idle[:n-1]
		return w
	}
	return newWorker(s)
}

// put keeps a worker without a call for later, if there are not enough.
func (ws *workers) put(w *worker) {
	ws.mu.Lock()
	keep := len(ws.idle) < maxIdle
	if keep {
		ws.idle = append(ws.idle, w)
	}
	ws.mu.Unlock()
	if !keep {
		w.stop()
	}
}

// goOn continues a worker whose call sleeps no more: by is the call that woke it, if that is known. The receiver itself does it when it has
// answered by; otherwise it is done beside it.
func (w *worker) goOn(by engine.Call) {
	s := w.c.s
	if b, ok := by.(*call); ok && b.worker != nil && !b.blocked {
		s.workers.ready = append(s.workers.ready, w)
		return
	}
	go func() {
		w.c.blocked = true
		if _, open := w.next(); open {
			s.workers.put(w)
		}
	}()
}
