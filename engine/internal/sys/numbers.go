// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"sync"

	"vuos.dev/engine/internal/fdesc"
	"vuos.dev/engine/internal/seccomp"
)

// zone is a part of the numbers whose calls are notified: the read zone, or the rest.
type zone int

const (
	readZone  zone = iota // reading is native
	otherZone             // all is notified
	pollZone              // a part of otherZone
	zones
)

// firstPolled is where the numbers begin of files that are waited for.
const firstPolled = 512

// zoneOf is the part that a number is in.
func zoneOf(n int) zone {
	if n >= seccomp.ReadZone && n < seccomp.ReadZoneEnd {
		return readZone
	}
	return otherZone
}

// zoneFor is where a descriptor of an open file belongs.
func zoneFor(f *fdesc.Open) zone {
	switch {
	case f == nil:
	case f.ReadsNatively():
		return readZone
	case f.Polls():
		return pollZone
	}
	return otherZone
}

// A zone is filled downwards, since real descriptors grow from below, and then, unless it is the read zone, upwards behind
// that one. The poll zone is filled upwards: programs give select(2) the last descriptor that they opened, and one more. number is the i-th number in that order, or -1; index is the reverse.
func (z zone) number(i int) int {
	switch n := seccomp.ReadZoneEnd - 1 - i; {
	case z == pollZone:
		return firstPolled + i
	case z == otherZone && seccomp.ReadZone-1-i >= seccomp.Zone:
		return seccomp.ReadZone - 1 - i
	case z == otherZone:
		return seccomp.ReadZoneEnd - (seccomp.ReadZone - seccomp.Zone) + i
	case n >= seccomp.ReadZone:
		return n
	}
	return -1
}

func (z zone) index(n int) int {
	switch {
	case z == pollZone:
		return n - firstPolled
	case z == readZone:
		return seccomp.ReadZoneEnd - 1 - n
	case n < seccomp.ReadZone:
		return seccomp.ReadZone - 1 - n
	}
	return n - seccomp.ReadZoneEnd + (seccomp.ReadZone - seccomp.Zone)
}

// numbers remembers where the next free number of a process is probably to be found. It is a hint only:
// whether a number is free is asked of the kernel.
type numbers struct {
	mu   sync.Mutex         // held until the number found is installed
	next [zones]map[int]int // by process
}

const maxHints = 256

func (s *Supervisor) numbersOf(pid int) *numbers { return &s.numbers[pid%len(s.numbers)] }

func (n *numbers) took(z zone, pid, i int) {
	if n.next[z] == nil || len(n.next[z]) > maxHints {
		n.next[z] = map[int]int{}
	}
	n.next[z][pid] = i + 1
}

// closed tells that a number of the zone is being closed.
func (n *numbers) closed(pid, fd int) {
	if fd < seccomp.Zone {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.freed(zoneOf(fd), pid, fd)
	if fd >= firstPolled && fd < seccomp.ReadZone {
		n.freed(pollZone, pid, fd)
	}
}

func (n *numbers) freed(z zone, pid, fd int) {
	if i := z.index(fd); i < n.next[z][pid] {
		n.next[z][pid] = i
	}
}
