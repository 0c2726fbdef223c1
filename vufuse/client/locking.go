// SPDX-License-Identifier: Apache-2.0

package client

import (
	"sync"

	"vuos.dev/engine"
)

// locker is a sync.Mutex or sync.RWMutex.
type locker interface {
	Lock()
	TryLock() bool
}

// lock takes mu for c. It is held while the server is asked, so who has to wait for it waits for the server.
func lock(c engine.Call, mu locker) {
	if !mu.TryLock() {
		c.Block()
		mu.Lock()
	}
}

// rlock is lock for reading.
func rlock(c engine.Call, mu *sync.RWMutex) {
	if !mu.TryRLock() {
		c.Block()
		mu.RLock()
	}
}
