// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"runtime/debug"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
)

// maxIdle is how many goroutines, and workers, that had to wait for something are kept for the next time.
const maxIdle = 8

// receive is one receiver: the goroutine on which workers sit in NOTIF_RECV and answer what they can answer
// without waiting, one worker at a time. A call that may wait makes another goroutine the receiver first
// (call.Block), so there is always exactly one that receives; one that sleeps (call.Sleep) leaves its place to the next worker.
func (s *Supervisor) receive() {
	for {
		w := s.workers.take(s)
		why, open := w.next()
		if !open {
			return
		}
		switch why {
		case sleeps:
			if !w.c.asleep() {
				s.workers.ready = append(s.workers.ready, w)
			}
		case stepsAside:
			s.workers.put(w)
		case hasNoPlace:
			s.workers.put(w)
			if !s.rest() {
				return
			}
		}
	}
}

// handOver makes another goroutine the receiver.
func (s *Supervisor) handOver() {
	select {
	case s.baton <- struct{}{}:
	default:
		go s.receive()
	}
}

// rest waits to be the receiver again, or returns false if enough others wait.
func (s *Supervisor) rest() bool {
	if s.idle.Add(1) > maxIdle {
		s.idle.Add(-1)
		return false
	}
	<-s.baton
	s.idle.Add(-1)
	return true
}

// handle finds the row of a call and runs its handler. A panic is EIO for the guest and a
// line in the log.
func (s *Supervisor) handle(c *call) (r reply) {
	nr := int(c.n.NR)
	if nr >= maxNr || nr >= 0 && s.rows[nr].handle == nil {
		return native
	}
	if nr != unix.SYS_EXECVEAT {
		s.rewrites.settle(c.TID())
	}
	defer func() {
		if p := recover(); p != nil {
			s.log.Logf(engine.LogErr, "%s: panic: %v\n%s", c.name(), p, debug.Stack())
			r = fail(unix.EIO)
		}
	}()
	return c.dispatch(nr)
}

// dispatch calls the handler of a number.
func (c *call) dispatch(nr int) reply {
	if nr < 0 {
		return sysVirtual(c, nr)
	}
	c.row = &c.s.rows[nr]
	return c.row.handle(c)
}

// answer sends the reply; a guest that is gone does not need it.
func (s *Supervisor) answer(c *call, r reply) {
	if r.done {
		return
	}
	var err error
	if r.cont {
		err = s.listener.Continue(c.n.ID)
	} else {
		err = s.listener.Return(c.n.ID, r.val, r.errno)
	}
	if r.after != nil {
		r.after(err == nil)
	}
	if s.log.Debugging('s') && !(r.cont && r.val == 0) {
		s.log.Debugf('s', "%d %s = %d %v", c.TID(), c.name(), r.val, r.errno)
	}
}
