// SPDX-License-Identifier: Apache-2.0

package task

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/guest"
)

const (
	numberBits = 20
	maxStates  = 1 << numberBits

	// fewStates may be kept although no process has them. Each may hold two descriptors, those of its directories.
	fewStates = 512
)

// Table numbers states.
type Table struct {
	base  uint64 // the token of state 0, unlike that of any other umvu
	locks unix.Rlimit

	mu      sync.Mutex
	byNo    atomic.Pointer[[]*State] // nil where a number is free
	number  map[State]uint32
	free    []uint32
	apart   atomic.Pointer[map[int]apart] // by thread; see apart.go
	sharing atomic.Bool

	sweep int // number of states at which to look for unused ones
}

// NewBase makes what the tokens of one umvu have in common: a number above the lowest 20 bits that no other umvu has.
func NewBase() uint64 {
	var r [8]byte
	_, _ = rand.Read(r[:]) // it never fails
	return (binary.NativeEndian.Uint64(r[:])&(1<<62-1) | 1<<62) &^ (maxStates - 1)
}

// NewTable makes a table whose state 0 is first and whose tokens have a base from [NewBase]. It fails where RLIMIT_LOCKS
// cannot carry a number.
func NewTable(base uint64, first State) (*Table, error) {
	var lim unix.Rlimit
	if err := unix.Prlimit(0, RlimitLocks, nil, &lim); err != nil {
		return nil, fmt.Errorf("read RLIMIT_LOCKS: %w", err)
	}
	if lim.Max < 1<<63 {
		return nil, fmt.Errorf("RLIMIT_LOCKS: hard limit %d is too low, it must be unlimited", lim.Max)
	}
	t := &Table{base: base, locks: lim, number: map[State]uint32{}, sweep: fewStates}
	first.Locks = lim
	t.byNo.Store(&[]*State{&first})
	t.number[first] = 0
	return t, nil
}

// Of is the state of thread tid, mostly that of its process, in about half a microsecond. A process without
// a token has the first state.
func (t *Table) Of(tid int) *State {
	s := t.ofProcess(tid)
	if a, found := t.standsApart(tid); found {
		return a.of(s)
	}
	return s
}

func (t *Table) ofProcess(tid int) *State {
	list := *t.byNo.Load()
	lim, err := guest.GetLimit(tid, RlimitLocks)
	if err != nil {
		return list[0]
	}
	if n, ok := t.decode(lim.Cur); ok && n < len(list) && list[n] != nil {
		return list[n]
	}
	return list[0]
}

func (t *Table) decode(token uint64) (int, bool) {
	return int(token & (maxStates - 1)), token&^(maxStates-1) == t.base
}

// Only tells whether no other than the first state exists, so that there is nothing to look up.
func (t *Table) Only() bool { return len(*t.byNo.Load()) == 1 && t.apart.Load() == nil }

// First is the first state.
func (t *Table) First() *State { return (*t.byNo.Load())[0] }

// Change gives the process of thread tid the state that change makes of the one it has. Changes happen one after
// the other, so that threads of a process that change it at once lose nothing; change must not call
// the table, and not set Cwd and Root: see [Table.Move].
func (t *Table) Change(tid int, change func(*State)) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := *t.ofProcess(tid)
	change(&s)
	return t.set(tid, s)
}

// Enter gives the calling process, which is umvu itself, a state: its next child starts with it.
func (t *Table) Enter(s State) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.set(0, s)
}

func (t *Table) set(tid int, s State) error {
	no, err := t.intern(s)
	if err != nil {
		return err
	}
	return guest.SetLimit(tid, RlimitLocks, unix.Rlimit{Cur: t.base | uint64(no), Max: t.locks.Max})
}

// intern finds the number of a state, or gives it one.
func (t *Table) intern(s State) (uint32, error) {
	if no, ok := t.number[s]; ok {
		return no, nil
	}
	if len(t.number) >= t.sweep {
		t.collect()
		t.sweep = max(fewStates, 2*len(t.number))
	}
	old := *t.byNo.Load()
	list := make([]*State, len(old), len(old)+1)
	copy(list, old)
	var no uint32
	if n := len(t.free); n > 0 {
		no, t.free = t.free[n-1], t.free[:n-1]
		list[no] = &s
	} else {
		if len(list) >= maxStates {
			return 0, unix.ENOMEM
		}
		no = uint32(len(list))
		list = append(list, &s)
	}
	t.byNo.Store(&list)
	t.number[s] = no
	return no, nil
}
