// SPDX-License-Identifier: Apache-2.0

package fuse

import (
	"sync"

	"vuos.dev/engine"
)

// farewells are the servers that were told that their file system is gone. libfuse asks poll(2) for POLLERR then, which
// a socket does not give, and otherwise unmounts its mount point when it ends, where by then something
// else may be.
type farewells struct {
	mu      sync.Mutex
	targets map[int]string // mount point by process
	order   []int          // processes, the oldest first
}

// maxFarewells bounds how many are remembered: a server that ends by another way never asks.
const maxFarewells = 64

// add notes that the process pid knows that its file system at target is gone.
func (f *farewells) add(pid int, target string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.targets == nil {
		f.targets = make(map[int]string)
	}
	if _, known := f.targets[pid]; !known {
		f.order = append(f.order, pid)
	}
	f.targets[pid] = target
	if len(f.order) > maxFarewells {
		delete(f.targets, f.order[0])
		f.order = f.order[1:]
	}
}

// take tells whether pid was told so of target, and forgets it.
func (f *farewells) take(pid int, target string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.targets[pid] != target || target == "" {
		return false
	}
	f.drop(pid)
	return true
}

// drop forgets a process, which begins anew.
func (f *farewells) drop(pid int) {
	delete(f.targets, pid)
	for i, p := range f.order {
		if p == pid {
			f.order = append(f.order[:i:i], f.order[i+1:]...)
			return
		}
	}
}

// forget is drop for one that mounts something.
func (f *farewells) forget(pid int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.drop(pid)
}

var _ engine.Umounter = (*instance)(nil)

// Umounted implements [engine.Umounter].
func (m *instance) Umounted(c engine.Call, path string) bool {
	return m.farewells.any() && m.farewells.take(c.PID(), path)
}

func (f *farewells) any() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.order) > 0
}
