// SPDX-License-Identifier: Apache-2.0

package task

import (
	"iter"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/guest"
)

// Collect frees the states that no living process has.
func (t *Table) Collect() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.collect()
}

// collect frees the numbers that no living process has. Two passes over all processes: a
// child made while the first one ran has the state of a parent that was there. umvu itself has the one that
// its next child is to get.
func (t *Table) collect() {
	used := map[int]bool{0: true}
	if lim, err := guest.GetLimit(0, RlimitLocks); err == nil {
		if no, ok := t.decode(lim.Cur); ok {
			used[no] = true
		}
	}
	for range 2 {
		for _, no := range t.processes() {
			used[no] = true
		}
	}
	list := append([]*State(nil), *t.byNo.Load()...)
	for no, s := range list {
		if s != nil && !used[no] {
			delete(t.number, *s)
			list[no] = nil
			t.free = append(t.free, uint32(no))
		}
	}
	t.byNo.Store(&list)
}

// processes are all other processes in the system that have a token of this table, and their states' numbers.
func (t *Table) processes() iter.Seq2[int, int] {
	return func(yield func(pid, no int) bool) {
		entries, err := os.ReadDir("/proc")
		if err != nil {
			return
		}
		for _, e := range entries {
			pid, err := strconv.Atoi(e.Name())
			if err != nil || pid == os.Getpid() {
				continue
			}
			lim, err := guest.GetLimit(pid, RlimitLocks)
			if err != nil {
				continue
			}
			if no, ok := t.decode(lim.Cur); ok && !yield(pid, no) {
				return
			}
		}
	}
}

// Living are the guests alive and their states. Those that have ended but were not waited for are
// among them.
func (t *Table) Living() iter.Seq2[int, *State] {
	return func(yield func(pid int, s *State) bool) {
		list := *t.byNo.Load()
		for pid, no := range t.processes() {
			if no < len(list) && list[no] != nil && !yield(pid, list[no]) {
				return
			}
		}
	}
}

// Has tells whether the process of thread tid is a guest.
func (t *Table) Has(tid int) bool {
	lim, err := guest.GetLimit(tid, RlimitLocks)
	if err != nil {
		return false
	}
	_, ok := t.decode(lim.Cur)
	return ok
}

// Kill kills every process that has a token with this base, and returns how many there were.
// Those that are dead already do not count.
func Kill(base uint64) int {
	t := &Table{base: base}
	n := 0
	for pid := range t.processes() {
		if st := guest.State(pid); st != 'Z' && st != 'X' && unix.Kill(pid, unix.SIGKILL) == nil {
			n++
		}
	}
	return n
}
