// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"sync/atomic"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/client"
)

// call is a request that waits for its reply, in one of three ways.
type call struct {
	r    *client.Request
	port *Port // of a shared connection: where it was sent; nil while it is queued

	post func(error) // nobody waits: called with the result

	sleeper engine.Sleeper // the call that sleeps
	err     error          // its result, when over is set
	over    atomic.Bool

	done chan error // has room for one
}

// newWait is a request that c, which may be nil, waits for.
func newWait(c engine.Call, r *client.Request) *call {
	w := &call{r: r}
	if s, ok := c.(engine.Sleeper); ok {
		w.sleeper = s
	} else {
		w.done = make(chan error, 1)
	}
	return w
}

// finish gives a call its result. It is called without the lock; by is the call that brought it, or nil.
func (w *call) finish(by engine.Call, err error) {
	switch {
	case w.post != nil:
		w.post(err)
	case w.sleeper != nil:
		s := w.sleeper
		w.err = err
		w.over.Store(true)
		s.Wake(by)
	default:
		w.done <- err
	}
}

// wait waits for the result.
func (w *call) wait() error {
	if w.sleeper == nil {
		return <-w.done
	}
	for !w.over.Load() {
		w.sleeper.Sleep(false)
	}
	return w.err
}

// waitOr waits for the result, or until the caller c has a signal to handle.
func (w *call) waitOr(c engine.Call) (err error, interrupted bool) {
	if w.sleeper == nil {
		select {
		case err := <-w.done:
			return err, false
		case <-c.Interrupted():
			return nil, true
		}
	}
	for !w.over.Load() {
		w.sleeper.Sleep(true)
		select {
		case <-c.Interrupted():
			if !w.over.Load() {
				return nil, true
			}
		default:
		}
	}
	return w.err, false
}

// Do implements [client.Transport].
func (c *Conn) Do(caller engine.Call, r *client.Request) error {
	w := newWait(caller, r)
	id, err := c.sendFor(caller, w)
	if err != nil {
		return err
	}
	return c.result(caller, w, id)
}

// Send implements [client.Transport].
func (c *Conn) Send(caller engine.Call, r *client.Request) (wait func() error) {
	w := newWait(caller, r)
	id, err := c.sendFor(caller, w)
	if err != nil {
		return func() error { return err }
	}
	return func() error { return c.result(caller, w, id) }
}

// sendFor is send for a caller that will wait.
func (c *Conn) sendFor(caller engine.Call, w *call) (id uint64, err error) {
	if w.sleeper == nil {
		caller.Block()
	}
	return c.send(w)
}

// result waits for the reply to request id.
func (c *Conn) result(caller engine.Call, w *call, id uint64) error {
	if w.r.Force {
		return w.wait()
	}
	if err, interrupted := w.waitOr(caller); !interrupted {
		return err
	}
	if c.withdraw(id) {
		return unix.EINTR
	}
	c.interrupt(id)
	return w.wait()
}

// Post implements [client.Transport].
func (c *Conn) Post(r *client.Request, done func(error)) {
	if done == nil {
		done = func(error) {}
	}
	if _, err := c.send(&call{r: r, post: done}); err != nil {
		done(err)
	}
}
