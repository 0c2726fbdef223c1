// SPDX-License-Identifier: Apache-2.0

package task

import (
	"iter"
	"maps"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"vuos.dev/engine/internal/view"
)

// The limit belongs to a process, and so does the state that it numbers. Working directory and root belong to what
// CLONE_FS shares (struct fs_struct), which is mostly the same: all threads of a process. Two exceptions cost
// something once they are met: a thread that has called unshare(CLONE_FS) has a word of its own here, and who shares
// his directories with other processes changes their states as well.

// apart is where a thread stands that has unshared its directories from its process.
type apart struct {
	proc      int // descriptor of the thread's directory in /proc, whose files are there as long as the thread is
	cwd, root view.Pos
}

func (a apart) alive() bool { return unix.Faccessat(a.proc, "stat", unix.F_OK, 0) == nil }

// of is the state of the thread, made of that of its process.
func (a apart) of(s *State) *State {
	own := *s
	own.Cwd, own.Root = a.cwd, a.root
	return &own
}

// Unshare tells that thread tid of a process with more than one is about to have directories of its own. A
// process that the thread makes begins where its process stands.
func (t *Table) Unshare(tid, tgid int) error {
	proc, err := unix.Open(filepath.Join("/proc", strconv.Itoa(tgid), "task", strconv.Itoa(tid)), unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.Of(tid)
	next := map[int]apart{tid: {proc, s.Cwd, s.Root}}
	for other, a := range t.standApart() {
		if other != tid && a.alive() {
			next[other] = a
		} else {
			unix.Close(a.proc)
		}
	}
	t.apart.Store(&next)
	return nil
}

// Share tells that some process may share its directories with another one from now on.
func (t *Table) Share() { t.sharing.Store(true) }

// Move changes where thread tid stands: change sets Cwd and Root only. All move that share these with it.
func (t *Table) Move(tid int, change func(*State)) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := *t.Of(tid)
	change(&s)
	if a, found := t.standsApart(tid); found {
		next := maps.Clone(t.standApart())
		next[tid] = apart{a.proc, s.Cwd, s.Root}
		t.apart.Store(&next)
		return nil
	}
	if err := t.set(tid, s); err != nil || !t.sharing.Load() {
		return err
	}
	for pid := range t.processes() {
		if !sameDirectories(tid, pid) {
			continue
		}
		other := *t.ofProcess(pid)
		other.Cwd, other.Root = s.Cwd, s.Root
		if err := t.set(pid, other); err != nil && err != unix.ESRCH {
			return err
		}
	}
	return nil
}

// standApart are the threads that have words of their own. It is not changed.
func (t *Table) standApart() map[int]apart {
	if m := t.apart.Load(); m != nil {
		return *m
	}
	return nil
}

func (t *Table) standsApart(tid int) (a apart, found bool) {
	m := t.apart.Load()
	if m == nil {
		return a, false
	}
	a, found = (*m)[tid]
	return a, found && a.alive()
}

// Standing are the places where guests stand: those of [Table.Living] by process, and by thread those of threads with places of their own.
func (t *Table) Standing() iter.Seq2[int, *State] {
	return func(yield func(tid int, s *State) bool) {
		for pid, s := range t.Living() {
			if !yield(pid, s) {
				return
			}
		}
		for tid, a := range t.standApart() {
			if a.alive() && !yield(tid, a.of(t.ofProcess(tid))) {
				return
			}
		}
	}
}

// sameDirectories tells whether two threads share working directory and root.
func sameDirectories(tid, other int) bool {
	order, _, e := unix.RawSyscall6(unix.SYS_KCMP, uintptr(tid), uintptr(other), kcmpFS, 0, 0, 0)
	return e == 0 && order == 0
}

const kcmpFS = 3 // KCMP_FS of linux/kcmp.h
