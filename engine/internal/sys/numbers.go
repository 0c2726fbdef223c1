// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"sync"

	"vuos.dev/engine/internal/seccomp"
)

// topOfZone is where select(2) ends.
const topOfZone = 1024

// The zone is filled from topOfZone downwards, since real descriptors grow from below, and then upwards
// from there. zoneNumber is the i-th number in that order, zoneIndex the reverse.
func zoneNumber(i int) int {
	if n := topOfZone - 1 - i; n >= seccomp.Zone {
		return n
	}
	return i + seccomp.Zone
}

func zoneIndex(n int) int {
	if n < topOfZone {
		return topOfZone - 1 - n
	}
	return n - seccomp.Zone
}

// numbers remembers where the next free number of a process is probably to be found. It is a hint only:
// whether a number is free is asked of the kernel.
type numbers struct {
	mu   sync.Mutex // held until the number found is installed
	next map[int]int
}

const maxHints = 256

func (s *Supervisor) numbersOf(pid int) *numbers { return &s.numbers[pid%len(s.numbers)] }

func (n *numbers) took(pid, i int) {
	if n.next == nil || len(n.next) > maxHints {
		n.next = map[int]int{}
	}
	n.next[pid] = i + 1
}

// closed tells that a number of the zone is being closed.
func (n *numbers) closed(pid, fd int) {
	if fd < seccomp.Zone {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if i := zoneIndex(fd); i < n.next[pid] {
		n.next[pid] = i
	}
}
