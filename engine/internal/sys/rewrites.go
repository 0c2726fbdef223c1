// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"errors"
	"os"
	"strconv"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/exec"
)

// rewrites are the calls that were rewritten, most of them of execve, and are about to be made.
type rewrites struct {
	n  atomic.Int32
	mu sync.Mutex
	by map[int]*rewritten // by thread
}

type rewritten struct {
	p       *exec.Pending
	armed   bool
	release func()
}

func (c *call) execCall() exec.Call {
	return exec.Call{TID: c.TID(), Nr: int(c.n.NR), Args: c.n.Args}
}

// rewrite turns the execve into another one.
func (c *call) rewrite(to exec.Target, release func()) reply {
	send := func(errno unix.Errno) error { return c.s.listener.Return(c.n.ID, 0, errno) }
	c.s.rewrites.settle(c.TID())
	w := &rewritten{release: release}
	_, err := exec.Rewrite(c.execCall(), to, exec.Options{
		Restart:  func() error { return send(erestartsys) },
		Continue: func() error { return c.s.listener.Continue(c.n.ID) },
		Ready: func(p *exec.Pending) {
			w.p, w.armed = p, p.InPlace
			c.s.rewrites.put(w)
		},
		Reaper: &c.s.Wait,
	})
	if err == nil {
		return reply{done: true}
	}
	c.s.rewrites.drop(c.TID(), w)
	release()
	var answered *exec.Answered
	if errors.Is(err, exec.ErrGone) || errors.As(err, &answered) {
		return reply{done: true}
	}
	return c.result(err)
}

func (r *rewrites) put(w *rewritten) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by == nil {
		r.by = map[int]*rewritten{}
	}
	if len(r.by) >= 64 {
		r.prune()
	}
	r.by[w.p.TID] = w
	r.n.Store(int32(len(r.by)))
}

// drop forgets a call that does not come.
func (r *rewrites) drop(tid int, w *rewritten) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by[tid] == w {
		delete(r.by, tid)
		r.n.Store(int32(len(r.by)))
	}
}

// prune forgets threads that have ended.
func (r *rewrites) prune() {
	for tid, w := range r.by {
		if _, err := os.Stat("/proc/" + strconv.Itoa(tid)); err != nil {
			w.end()
			delete(r.by, tid)
		}
	}
}

func (w *rewritten) end() {
	w.p.Done()
	w.release()
}

// returned is the rewritten call that a notification is, or nil.
func (r *rewrites) returned(c *call) *exec.Pending {
	if r.n.Load() == 0 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	w := r.by[c.TID()]
	if w == nil || w.armed || !w.p.Matches(c.execCall()) {
		return nil
	}
	w.armed = true
	return w.p
}

// arm notes that a redirected call of the thread has come back.
func (r *rewrites) arm(tid int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if w := r.by[tid]; w != nil {
		w.armed = true
	}
}

// settle gives back what a rewritten call of the thread needed, once the thread makes another
// one.
func (r *rewrites) settle(tid int) {
	if r.n.Load() == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if w := r.by[tid]; w != nil && w.armed {
		w.end()
		delete(r.by, tid)
		r.n.Store(int32(len(r.by)))
	}
}
