// SPDX-License-Identifier: Apache-2.0

package task

import (
	"fmt"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/view"
)

// enter makes children of the test guests in the state of v.
func enter(t *testing.T, table *Table, v *view.View) {
	t.Helper()
	s := *table.First()
	s.View = v
	if err := table.Enter(s); err != nil {
		t.Fatal(err)
	}
}

func TestInherited(t *testing.T) {
	table, _ := newTable(t, "first")
	second := view.New("second")
	enter(t, table, second)

	child := start(t, exec.Command("sh", "-c", "(echo; exec cat <&3) 3<&0 & echo $!; exec cat"))
	for range 2 { // the number, and the line of the one that has that number
		if line := child.line(t); line != "" {
			grandchild, err := strconv.Atoi(line)
			if err != nil {
				t.Fatal(err)
			}
			if got := table.Of(grandchild).View; got != second {
				t.Errorf("grandchild is in view %q", got.Name())
			}
		}
	}
	if got := table.Of(child.Process.Pid).View; got != second {
		t.Errorf("child is in view %q", got.Name())
	}
}

// A thread that replaces the program takes the number of the first one.
func TestExecByThread(t *testing.T) {
	table, _ := newTable(t, "first")
	second := view.New("second")
	enter(t, table, second)
	p := start(t, act("exec"))
	if _, err := p.in.Write([]byte("cat\n")); err != nil {
		t.Fatal(err)
	}
	if got := p.line(t); got != "cat" { // only the new program answers
		t.Fatalf("the new program says %q", got)
	}
	if got := table.Of(p.Process.Pid).View; got != second {
		t.Errorf("after exec: view %q", got.Name())
	}
}

func TestThreadsShare(t *testing.T) {
	table, first := newTable(t, "first")
	enter(t, table, first)
	p := start(t, act("threads"))
	thread, err := strconv.Atoi(p.line(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := table.Change(thread, func(s *State) { s.Undumpable = true }); err != nil {
		t.Fatal(err)
	}
	if s := table.Of(p.Process.Pid); !s.Undumpable || s.View != first {
		t.Errorf("the process has %+v after a change by its thread %d", *s, thread)
	}
}

// A child that was made before its parent changed keeps what it inherited.
func TestChangeIsOnesOwn(t *testing.T) {
	table, first := newTable(t, "first")
	enter(t, table, first)
	a, b := start(t, exec.Command("cat")), start(t, exec.Command("cat"))
	if err := table.Change(a.Process.Pid, func(s *State) { s.NoNewPrivs = true }); err != nil {
		t.Fatal(err)
	}
	if !table.Of(a.Process.Pid).NoNewPrivs || table.Of(b.Process.Pid).NoNewPrivs || table.First().NoNewPrivs {
		t.Error("the change is not that of one process")
	}
	// Back to the state that others have: no other number for it.
	if err := table.Change(a.Process.Pid, func(s *State) { s.NoNewPrivs = false }); err != nil {
		t.Fatal(err)
	}
	if table.Of(a.Process.Pid) != table.First() {
		t.Error("two equal states are not one")
	}
}

// Threads that change different parts of the state at once lose nothing.
func TestConcurrentChanges(t *testing.T) {
	table, first := newTable(t, "first")
	enter(t, table, first)
	pid := start(t, exec.Command("cat")).Process.Pid
	for range 50 {
		want := State{View: view.New("next"), Undumpable: true, NoNewPrivs: true}
		changes := []func(*State){
			func(s *State) { s.View = want.View },
			func(s *State) { s.Undumpable = want.Undumpable },
			func(s *State) { s.NoNewPrivs = want.NoNewPrivs },
		}
		if err := table.Change(pid, func(s *State) { *s = State{} }); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for _, change := range changes {
			wg.Go(func() {
				if err := table.Change(pid, change); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := *table.Of(pid); got != want {
			t.Fatalf("after all changes: %+v, want %+v", got, want)
		}
	}
}

// A process that is no guest has the first state, whatever its limit is, and so has one that takes the
// number of a guest that has ended.
func TestStrangers(t *testing.T) {
	table, first := newTable(t, "first")
	stranger := start(t, exec.Command("cat"))
	pid := stranger.Process.Pid
	if table.Has(pid) {
		t.Error("a process without a token is taken for a guest")
	}
	for _, cur := range []uint64{0, 1 << 20, table.base - 1, table.base + maxStates, table.base | 12345, unix.RLIM_INFINITY} {
		if err := unix.Prlimit(pid, RlimitLocks, &unix.Rlimit{Cur: cur, Max: unix.RLIM_INFINITY}, nil); err != nil {
			t.Fatal(err)
		}
		if got := table.Of(pid); got == nil || got.View != first {
			t.Errorf("limit %#x: %+v", cur, got)
		}
	}
	stranger.end()
	if table.Has(pid) || table.Of(pid).View != first {
		t.Error("a process that has ended is taken for a guest")
	}
	if err := table.Change(pid, func(*State) {}); err != unix.ESRCH {
		t.Errorf("change of a process that has ended: %v", err)
	}
}

// Two hypervisors do not take each other's guests for theirs.
func TestTwoTables(t *testing.T) {
	one, first := newTable(t, "one")
	two, _ := newTable(t, "two")
	enter(t, one, first)
	guest := start(t, exec.Command("cat")).Process.Pid
	if !one.Has(guest) || two.Has(guest) {
		t.Errorf("one has it: %v, two has it: %v", one.Has(guest), two.Has(guest))
	}
	for pid := range two.Living() {
		t.Errorf("guest %d of the second table", pid)
	}
}

func TestLiving(t *testing.T) {
	table, _ := newTable(t, "first")
	alive := map[int]*view.View{}
	for i := range 3 {
		v := view.New(fmt.Sprint(i))
		enter(t, table, v)
		alive[start(t, exec.Command("cat")).Process.Pid] = v
	}
	found := map[int]*view.View{}
	for pid, s := range table.Living() {
		found[pid] = s.View
	}
	if len(found) != len(alive) {
		t.Errorf("living: %v, want %v", found, alive)
	}
	for pid, v := range alive {
		if found[pid] != v {
			t.Errorf("guest %d is not among the living with its view", pid)
		}
	}
	for range table.Living() {
		break // an early end is no fault
	}
}

// Numbers of states that no process has any more are given to others; those in use, the first one's and the one that
// the next child gets are not.
func TestCollect(t *testing.T) {
	table, first := newTable(t, "first")
	kept := view.New("kept")
	enter(t, table, kept)
	holder := start(t, exec.Command("cat")).Process.Pid
	enter(t, table, first)
	changing := start(t, exec.Command("cat")).Process.Pid
	for i := range 100 {
		if err := table.Change(changing, func(s *State) { s.Locks.Cur = uint64(i) }); err != nil {
			t.Fatal(err)
		}
	}
	next := view.New("next")
	enter(t, table, next)
	table.mu.Lock()
	table.collect()
	free, known := len(table.free), len(table.number)
	table.mu.Unlock()
	if free != 99 || known != 4 { // first, kept, next and the last one of changing
		t.Errorf("%d numbers are free and %d in use", free, known)
	}
	size := len(*table.byNo.Load())
	for i := range 50 {
		if err := table.Change(changing, func(s *State) { s.Locks.Cur = uint64(1000 + i) }); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(*table.byNo.Load()); n != size {
		t.Errorf("%d numbers instead of %d: free ones are not used", n, size)
	}
	if got := table.Of(holder).View; got != kept {
		t.Errorf("a living guest's state became %q", got.Name())
	}
	if got := table.Of(start(t, exec.Command("cat")).Process.Pid).View; got != next {
		t.Errorf("the next child is in view %q", got.Name())
	}
	if table.First().View != first || table.Of(changing).Locks.Cur != 1049 {
		t.Error("states are mixed up")
	}
}

// Kill finds all guests, and only those of the one hypervisor.
func TestKill(t *testing.T) {
	one, first := newTable(t, "one")
	two, second := newTable(t, "two")
	enter(t, one, first)
	victim := start(t, exec.Command("cat"))
	enter(t, two, second)
	other := start(t, exec.Command("cat"))
	if err := unix.Prlimit(0, RlimitLocks, &one.locks, nil); err != nil {
		t.Fatal(err)
	}
	if n := Kill(one.base); n != 1 {
		t.Errorf("%d killed", n)
	}
	done := make(chan error, 1)
	go func() { done <- victim.Wait() }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("the guest is alive")
	}
	if err := other.Process.Signal(unix.Signal(0)); err != nil {
		t.Errorf("the other hypervisor's guest: %v", err)
	}
	if n := Kill(one.base); n != 0 {
		t.Errorf("%d killed again", n)
	}
}
