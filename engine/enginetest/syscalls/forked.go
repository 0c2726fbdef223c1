// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// step is a system call that a forked child makes, prepared before the fork: the child
// is a copy of one thread of a Go program and may do nothing but raw calls.
type step struct {
	nr    uintptr
	words [6]uintptr
	keep  []any
	errno unix.Errno // expected error, 0 for success
	exact bool       // the result must be want
	want  uintptr
}

// call is a step that must succeed.
func call(nr uintptr, args ...any) step {
	w, keep := words(args)
	return step{nr: nr, words: w, keep: keep}
}

// returning is a step that must return want.
func returning(want int, nr uintptr, args ...any) step {
	s := call(nr, args...)
	s.exact, s.want = true, uintptr(want)
	return s
}

// failing is a step that must fail with e.
func failing(e unix.Errno, nr uintptr, args ...any) step {
	s := call(nr, args...)
	s.errno = e
	return s
}

// mishap is where a forked child tells its parent, in shared memory, which step went
// wrong and how: the step's number plus 1, the low 16 bits of the errno it got.
type mishap [3]byte

// forked makes a child process by clone with the given CLONE_ flags (without CLONE_VM),
// has it do the steps and waits for its end.
func (t *T) forked(flags uintptr, steps ...step) {
	t.forkedBy(call(unix.SYS_CLONE, flags|uintptr(unix.SIGCHLD)), steps)
}

// forkedBy is forked with the call that makes the child.
func (t *T) forkedBy(fork step, steps []step) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	b, err := unix.Mmap(-1, 0, pageSize, rw, unix.MAP_SHARED|unix.MAP_ANONYMOUS)
	t.NoError(err, "mmap")
	m := (*mishap)(b)
	pid, e := forkSteps(&fork, steps, m)
	if e == unix.ENOSYS {
		t.Skipf("%s: ENOSYS", callName(fork.nr))
	}
	if e != 0 {
		t.Fatalf("%s: %v", callName(fork.nr), errName(e))
	}
	t.reap(pid)
	runtime.KeepAlive(steps)
	if m[0] != 0 {
		s := steps[m[0]-1]
		got := unix.Errno(m[1]) | unix.Errno(m[2])<<8
		t.Fatalf("%s in a forked child: %s, want %s", callName(s.nr), outcomeName(got), outcomeName(s.errno))
	}
}

func outcomeName(e unix.Errno) string {
	if e == 0 {
		return "success or another result"
	}
	return errName(e)
}

// reap waits for a child, which must exit with 0.
func (t *T) reap(pid uintptr) {
	var status uint32
	for {
		r, err := sys(unix.SYS_WAIT4, pid, &status, 0, nil)
		if err == unix.EINTR {
			continue
		}
		t.NoError(err, "wait4")
		same(t, "wait4", r, int(pid))
		break
	}
	if status != 0 {
		t.Fatalf("forked child ended with status %#x", status)
	}
}

// forkSteps returns in the parent only. It and what it calls must not be preempted or
// grow a stack: in the child there is no scheduler to go to.
//
//go:norace
//go:nosplit
//go:noinline
func forkSteps(fork *step, steps []step, m *mishap) (uintptr, unix.Errno) {
	pid, _, e := syscall.RawSyscall6(fork.nr, fork.words[0], fork.words[1], 0, 0, 0, 0)
	if e != 0 || pid != 0 {
		return pid, e
	}
	for i := range steps {
		s := &steps[i]
		r, _, e := syscall.RawSyscall6(s.nr, s.words[0], s.words[1], s.words[2], s.words[3], s.words[4], s.words[5])
		if e != s.errno || s.exact && r != s.want {
			m[0], m[1], m[2] = byte(i+1), byte(e), byte(e>>8)
			break
		}
	}
	for {
		syscall.RawSyscall6(unix.SYS_EXIT_GROUP, 0, 0, 0, 0, 0, 0)
	}
}
