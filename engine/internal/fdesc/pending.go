// SPDX-License-Identifier: Apache-2.0

package fdesc

import "sync"

// pending counts releases on their way, and can be waited on while more are added.
type pending struct {
	mu   sync.Mutex
	zero sync.Cond
	n    int
}

func (p *pending) init() { p.zero.L = &p.mu }

func (p *pending) add(n int) {
	p.mu.Lock()
	p.n += n
	if p.n == 0 {
		p.zero.Broadcast()
	}
	p.mu.Unlock()
}

// idle tells whether there is nothing to wait for.
func (p *pending) idle() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.n == 0
}

func (p *pending) wait() {
	p.mu.Lock()
	for p.n != 0 {
		p.zero.Wait()
	}
	p.mu.Unlock()
}
