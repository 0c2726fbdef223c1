// SPDX-License-Identifier: Apache-2.0

// Package viewtest runs the real commands under a small hypervisor, so that
// the numbers, arguments and structures that reach the other side of the
// virtual system calls are tested.
package viewtest

import (
	"bytes"
	"errors"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// answer is what a hypervisor does with a system call.
type answer struct {
	handled bool
	value   int64 // what the call returns, -errno for an error
}

// tracer answers the system calls of a command by ptrace(2).
type tracer struct {
	handle func(tid int, nr int64, args [4]uint64) answer
	inside map[int]bool   // threads that are in a system call
	wanted map[int]answer // what that call will return
}

// run runs a command to its end under the tracer.
func (tr *tracer) run(t *testing.T, path string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	runtime.LockOSThread() // ptrace(2) wants one thread
	defer runtime.UnlockOSThread()
	var out, errs bytes.Buffer
	cmd := exec.Command(path, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Pdeathsig: unix.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	status = tr.loop(t, cmd.Process.Pid)
	var gone *exec.ExitError
	if err := cmd.Wait(); err != nil && !errors.As(err, &gone) && !errors.Is(err, unix.ECHILD) {
		t.Error(err)
	}
	return out.String(), errs.String(), status
}

// loop follows the command until its first process has ended.
func (tr *tracer) loop(t *testing.T, pid int) int {
	t.Helper()
	tr.inside, tr.wanted = make(map[int]bool), make(map[int]answer)
	var ws unix.WaitStatus
	if _, err := unix.Wait4(pid, &ws, 0, nil); err != nil {
		t.Fatal(err)
	}
	const options = unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_EXITKILL
	if err := unix.PtraceSetOptions(pid, options); err != nil {
		t.Fatal(err)
	}
	unix.PtraceSyscall(pid, 0)
	for {
		tid, err := unix.Wait4(-1, &ws, unix.WALL, nil)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			t.Fatal(err)
		case ws.Exited() && tid == pid:
			return ws.ExitStatus()
		case ws.Signaled() && tid == pid:
			return 128 + int(ws.Signal())
		case ws.Stopped():
			unix.PtraceSyscall(tid, tr.stopped(t, tid, ws.StopSignal()))
		}
	}
}

// stopped handles one stop and returns the signal to deliver.
func (tr *tracer) stopped(t *testing.T, tid int, sig syscall.Signal) int {
	switch sig {
	case unix.SIGTRAP | 0x80:
		tr.syscall(t, tid)
		return 0
	case unix.SIGTRAP, unix.SIGSTOP: // events, and the first stop of new threads
		return 0
	}
	return int(sig)
}

// syscall sees a call at its entry, and again at its exit to set the result.
func (tr *tracer) syscall(t *testing.T, tid int) {
	var regs unix.PtraceRegs
	if unix.PtraceGetRegs(tid, &regs) != nil {
		return // the thread is gone
	}
	tr.inside[tid] = !tr.inside[tid]
	if tr.inside[tid] {
		a := tr.handle(tid, int64(regs.Orig_rax), [4]uint64{regs.Rdi, regs.Rsi, regs.Rdx, regs.R10})
		if !a.handled {
			return
		}
		tr.wanted[tid] = a
		regs.Orig_rax = ^uint64(0) // the kernel is to do nothing
	} else {
		a, ok := tr.wanted[tid]
		if !ok {
			return
		}
		delete(tr.wanted, tid)
		regs.Rax = uint64(a.value)
	}
	if err := unix.PtraceSetRegs(tid, &regs); err != nil {
		t.Error(err)
	}
}

// peekString reads a C string from a stopped thread.
func peekString(t *testing.T, tid int, addr uint64) string {
	var s []byte
	for addr != 0 && len(s) < 4096 {
		var word [1]byte
		if _, err := unix.PtracePeekData(tid, uintptr(addr), word[:]); err != nil {
			t.Errorf("reading at %#x: %v", addr, err)
			break
		}
		if word[0] == 0 {
			break
		}
		s = append(s, word[0])
		addr++
	}
	return string(s)
}

// poke writes to a stopped thread.
func poke(t *testing.T, tid int, addr uint64, data []byte) {
	if _, err := unix.PtracePokeData(tid, uintptr(addr), data); err != nil {
		t.Errorf("writing at %#x: %v", addr, err)
	}
}
