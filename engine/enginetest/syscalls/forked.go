// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"fmt"
	"os/exec"
	"runtime"
	"strconv"

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

// forked makes a child process by clone with the given CLONE_ flags (without CLONE_VM),
// has it do the steps and waits for its end. The child's exit code names a step that
// went wrong.
func (t *T) forked(flags uintptr, steps ...step) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	pid, e := forkSteps(flags, steps)
	if e != 0 {
		t.Fatalf("clone: %v", errName(e))
	}
	t.reap(pid, steps)
}

// reap waits for a child that forkSteps made and checks its exit code.
func (t *T) reap(pid uintptr, steps []step) {
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
	runtime.KeepAlive(steps)
	ws := unix.WaitStatus(status)
	switch {
	case !ws.Exited():
		t.Fatalf("child ended with status %#x", status)
	case ws.ExitStatus() != 0:
		n := ws.ExitStatus() - 1
		t.Fatalf("step %d of the child, %s, went wrong", n, callName(steps[n].nr))
	}
}

// forkSteps returns in the parent only.
//
//go:noinline
func forkSteps(flags uintptr, steps []step) (uintptr, unix.Errno) {
	pid, _, e := unix.RawSyscall6(unix.SYS_CLONE, flags|uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if e != 0 || pid != 0 {
		return pid, e
	}
	childSteps(steps)
	return 0, 0
}

// childSteps does the steps and exits.
func childSteps(steps []step) {
	for i := range steps {
		s := &steps[i]
		w := &s.words
		r, _, e := unix.RawSyscall6(s.nr, w[0], w[1], w[2], w[3], w[4], w[5])
		if e != s.errno || s.exact && r != s.want {
			unix.RawSyscall(unix.SYS_EXIT_GROUP, uintptr(i+1), 0, 0)
		}
	}
	unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
}

// clone3Plain forks by the newest call; glibc uses it for posix_spawn and threads.
func clone3Plain(t *T) {
	fd := t.Open(t.File("f", "abc"), unix.O_RDWR, 0)
	args := [8]uint64{4: uint64(unix.SIGCHLD)} // struct clone_args up to tls
	w, keep := words([]any{&args, 64})
	steps := []step{call(unix.SYS_WRITE, fd, []byte("XY"), 2)}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	pid, _, e := unix.RawSyscall6(unix.SYS_CLONE3, w[0], w[1], 0, 0, 0, 0)
	if e == 0 && pid == 0 {
		childSteps(steps)
	}
	runtime.KeepAlive(keep)
	if e == unix.ENOSYS {
		t.Skipf("clone3: ENOSYS")
	}
	same(t, "errno", e, 0)
	t.reap(pid, steps)
	same(t, "offset", t.Offset(fd), 2)
	t.Holds(t.Path("f"), "XYc")
}

func itoa(n int) string { return strconv.Itoa(n) }

// childNest appends its depth to a file and starts itself one less deep: FILE DEPTH.
func childNest(args []string) error {
	fd, err := sys(unix.SYS_OPEN, args[0], unix.O_WRONLY|unix.O_APPEND, 0)
	if err != nil {
		return err
	}
	if _, err := sys(unix.SYS_WRITE, fd, []byte(args[1]), len(args[1])); err != nil {
		return err
	}
	depth, err := strconv.Atoi(args[1])
	if err != nil || depth == 0 {
		return err
	}
	return exec.Command(self, childFlag, "nest", args[0], itoa(depth-1)).Run()
}

// childReadWrite prints two bytes read from a descriptor and writes one there: FD.
func childReadWrite(args []string) error {
	fd, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	b := make([]byte, 2)
	if n, err := sys(unix.SYS_READ, fd, b, 2); err != nil || n != 2 {
		return fmt.Errorf("read %d: %v", n, err)
	}
	fmt.Printf("%s", b)
	_, err = sys(unix.SYS_WRITE, fd, []byte("X"), 1)
	return err
}
