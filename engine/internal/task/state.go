// SPDX-License-Identifier: Apache-2.0

// Package task keeps the state of processes that the kernel does not carry for us.
//
// A state is immutable and has a number. The number of a process's state is in the soft
// RLIMIT_LOCKS of the process, which Linux stores and inherits over fork,
// vfork, clone and exec but has not used since 2.4.25. So neither fork nor exit has to be
// trapped, and no table of processes can drift from the truth. Guests see the limit that umvu was started with.
package task

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/guest"
	"vuos.dev/engine/internal/view"
)

// RlimitLocks is RLIMIT_LOCKS, which golang.org/x/sys does not name.
const RlimitLocks = 10

// State is what a process inherits. Two equal states are one.
type State struct {
	View *view.View
	Cwd  view.Pos // zero: the kernel's own working directory
	Root view.Pos // zero: the kernel's own root

	NoNewPrivs bool        // set by the guest itself
	Undumpable bool        // as the guest believes
	Locks      unix.Rlimit // RLIMIT_LOCKS as the guest sees it
	Service    bool        // a server that a module started
}

// Plain tells whether the paths of a process start where the kernel thinks they do.
func (s *State) Plain() bool { return s.Cwd.IsZero() && s.Root.IsZero() }

const (
	numberBits = 20
	maxStates  = 1 << numberBits
)

// Table numbers states.
type Table struct {
	base  uint64 // the token of state 0, unlike that of any other umvu
	locks unix.Rlimit

	mu     sync.Mutex
	byNo   atomic.Pointer[[]*State] // nil where a number is free
	number map[State]uint32
	free   []uint32
	sweep  int // number of states at which to look for unused ones
}

// NewTable makes a table whose state 0 is first. It fails where RLIMIT_LOCKS cannot carry
// a number.
func NewTable(first State) (*Table, error) {
	var lim unix.Rlimit
	if err := unix.Prlimit(0, RlimitLocks, nil, &lim); err != nil {
		return nil, fmt.Errorf("read RLIMIT_LOCKS: %w", err)
	}
	if lim.Max < 1<<63 {
		return nil, fmt.Errorf("RLIMIT_LOCKS: hard limit %d is too low, it must be unlimited", lim.Max)
	}
	var r [8]byte
	if _, err := rand.Read(r[:]); err != nil {
		return nil, err
	}
	t := &Table{locks: lim, number: map[State]uint32{}, sweep: 4096}
	t.base = binary.NativeEndian.Uint64(r[:])&(1<<62-1) | 1<<62
	t.base &^= maxStates - 1
	first.Locks = lim
	t.byNo.Store(&[]*State{&first})
	t.number[first] = 0
	return t, nil
}

// Base is what the tokens of this table have in common, above the lowest 20 bits.
func (t *Table) Base() uint64 { return t.base }

// Of is the state of the process of thread tid, in about half a microsecond. A process without
// a token has the first state.
func (t *Table) Of(tid int) *State {
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
func (t *Table) Only() bool { return len(*t.byNo.Load()) == 1 }

// First is the first state.
func (t *Table) First() *State { return (*t.byNo.Load())[0] }

// Set gives the process of thread tid another state.
func (t *Table) Set(tid int, s State) error {
	t.mu.Lock()
	defer t.mu.Unlock()
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
		t.sweep = max(4096, 2*len(t.number))
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

// collect frees the numbers that no living process has. Two passes over all processes: a
// child made while the first one ran has the state of a parent that was there.
func (t *Table) collect() {
	used := t.living()
	for no := range t.living() {
		used[no] = true
	}
	used[0] = true
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

func (t *Table) living() map[int]bool {
	used := map[int]bool{}
	t.eachProcess(func(_, no int) { used[no] = true })
	return used
}

// eachProcess calls f for every process in the system that has a token of this table.
func (t *Table) eachProcess(f func(pid, no int)) {
	dir, err := os.Open("/proc")
	if err != nil {
		return
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return
	}
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil || pid == os.Getpid() {
			continue
		}
		lim, err := guest.GetLimit(pid, RlimitLocks)
		if err != nil {
			continue
		}
		if no, ok := t.decode(lim.Cur); ok {
			f(pid, no)
		}
	}
}

// Living calls f for each guest alive and its state.
func (t *Table) Living(f func(pid int, s *State)) {
	list := *t.byNo.Load()
	t.eachProcess(func(pid, no int) {
		if no < len(list) && list[no] != nil {
			f(pid, list[no])
		}
	})
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

// Enter gives the calling process, which is umvu itself, the token of a state: its
// next child starts with it.
func (t *Table) Enter(s State) error { return t.Set(0, s) }

// Kill kills every process that has a token with this base, and returns how many there were.
// Those that are dead already do not count.
func Kill(base uint64) int {
	t := &Table{base: base}
	n := 0
	t.eachProcess(func(pid, _ int) {
		if guest.State(pid) == 'Z' || guest.State(pid) == 'X' {
			return
		}
		if unix.Kill(pid, unix.SIGKILL) == nil {
			n++
		}
	})
	return n
}
