// SPDX-License-Identifier: Apache-2.0

package netstack

import "sync"

// events runs functions one after another in a goroutine of its own. gVisor
// reports things with locks held under which the configuration may not be
// touched; they are posted here.
type events struct {
	mu     sync.Mutex
	queue  []func()
	wake   chan struct{}
	closed chan struct{}
	done   sync.WaitGroup
	once   sync.Once
}

func newEvents() *events {
	return &events{wake: make(chan struct{}, 1), closed: make(chan struct{})}
}

func (e *events) start() {
	e.done.Add(1)
	go e.run()
}

// post has f run soon. It never waits.
func (e *events) post(f func()) {
	e.mu.Lock()
	e.queue = append(e.queue, f)
	e.mu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

func (e *events) run() {
	defer e.done.Done()
	for {
		select {
		case <-e.wake:
		case <-e.closed:
			return
		}
		e.mu.Lock()
		q := e.queue
		e.queue = nil
		e.mu.Unlock()
		for _, f := range q {
			f()
		}
	}
}

// stop ends the goroutine; what is posted later does not run.
func (e *events) stop() {
	e.once.Do(func() { close(e.closed) })
	e.done.Wait()
}
