// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

const (
	// syscallStop is the signal of a system call's stop under PTRACE_O_TRACESYSGOOD.
	syscallStop = int(unix.SIGTRAP) | 0x80

	// sizeofSyscall is the length of the syscall instruction, in bytes.
	sizeofSyscall = 2

	// Codes of SIGCHLD, include/uapi/asm-generic/siginfo.h.
	childTrapped = 4
	childStopped = 5
)

// errOtherTracer is how rewrite says that nothing was done.
var errOtherTracer = errors.New("another tracer")

// Answered is an error that the guest has received as its call's result.
type Answered struct{ Errno unix.Errno }

// Error implements error.
func (e *Answered) Error() string { return "execve answered: " + e.Errno.Error() }

// Unwrap returns the number the guest sees.
func (e *Answered) Unwrap() error { return e.Errno }

// tracee is a guest's thread while it is attached. All methods run on the thread
// that attached it.
type tracee struct {
	call    *Call
	to      *Target
	plan    *layout
	pending *Pending
}

// attach stops the guest behind its call, which is answered with ERESTARTSYS, and fetches its registers; sig is the
// signal with which it is to be detached. After an error clean says that it is not attached.
func (t *tracee) attach(opts *Options, regs *unix.PtraceRegs) (sig int, clean bool, err error) {
	tid := t.call.TID
	if err := ptrace(unix.PTRACE_SEIZE, tid, 0, unix.PTRACE_O_TRACESYSGOOD); err != nil {
		return 0, true, seizeError(tid, err)
	}
	if err := ptrace(unix.PTRACE_INTERRUPT, tid, 0, 0); err != nil {
		return 0, false, ErrGone
	}
	if err := answered(opts.Restart()); err != nil {
		return 0, false, err
	}
	sig, _, err = t.wait()
	if err != nil {
		return 0, false, err
	}
	if err := unix.PtraceGetRegs(tid, regs); err != nil {
		return 0, false, ErrGone
	}
	if regs.Rax != restartSys || regs.Orig_rax != uint64(t.call.Nr) {
		// It is not where we have sent it: somebody else has answered.
		return 0, t.detach(sig) == nil, ErrGone
	}
	return sig, false, nil
}

// proceed lets the guest go on with regs. The call has not happened then: there is nothing to restart or to interrupt,
// and a handler that runs first returns to where they say.
func (t *tracee) proceed(regs *unix.PtraceRegs, sig int, ready func()) error {
	regs.Orig_rax = ^uint64(0)
	if err := unix.PtraceSetRegs(t.call.TID, regs); err != nil {
		return ErrGone
	}
	if ready != nil {
		ready()
	}
	if err := t.detach(sig); err != nil {
		return ErrGone
	}
	return nil
}

// rewrite does the work of [Rewrite]; clean says that the guest is detached.
func (t *tracee) rewrite(opts *Options) (clean bool, err error) {
	var regs unix.PtraceRegs
	sig, clean, err := t.attach(opts, &regs)
	if err != nil {
		return clean, err
	}
	err = t.change(&regs)
	var failed *Answered
	if err != nil && !errors.As(err, &failed) {
		return false, err
	}
	ready := func() { opts.Ready(t.pending) }
	if err != nil || opts.Ready == nil {
		ready = nil
	}
	if err := t.proceed(&regs, sig, ready); err != nil {
		return false, err
	}
	return true, err
}

// seizeError tells why a guest cannot be attached.
func seizeError(tid int, err error) error {
	if !errors.Is(err, unix.EPERM) {
		return ErrGone
	}
	tracer, known := tracerOf(tid)
	switch {
	case !known:
		return ErrGone
	case tracer != 0:
		return errOtherTracer
	}
	return fmt.Errorf("attach to thread %d: %w", tid, err)
}

// change computes the registers of the rewritten call. If there is no memory for
// it, they are those of a failed call.
func (t *tracee) change(regs *unix.PtraceRegs) error {
	argv, name := t.call.argv(), t.plan.nameAt
	if t.plan.size() > 0 {
		base, err := t.area(regs)
		if errors.Is(err, ErrGone) {
			return err
		}
		if err == nil {
			err = t.pending.place(t.plan, base)
		}
		if err != nil {
			regs.Rax = errnoResult(unix.ENOMEM)
			return &Answered{unix.ENOMEM}
		}
		if t.plan.replace {
			argv = t.pending.argv
		}
		if t.plan.name != "" {
			name = t.pending.name
		}
	}
	regs.Rip -= sizeofSyscall
	regs.Rax = unix.SYS_EXECVEAT
	regs.Rdi, regs.Rsi, regs.Rdx = uint64(t.to.Dirfd), name, argv
	regs.R10, regs.R8 = t.call.envp(), 0
	t.pending.args = [5]uint64{regs.Rdi, regs.Rsi, regs.Rdx, regs.R10, regs.R8}
	return nil
}

// wait waits for a stop. It returns the signal the guest is to go on with, or 0,
// and whether it is at a system call's stop.
func (t *tracee) wait() (sig int, atCall bool, err error) {
	code, status, err := peekStatus(t.call.TID)
	if err != nil || (code != childTrapped && code != childStopped) {
		return 0, false, ErrGone
	}
	switch event := status >> 8; {
	case status == syscallStop:
		return 0, true, nil
	case event != 0:
		// Ours (PTRACE_EVENT_STOP), or a group stop, which goes on when the guest
		// is detached.
		return 0, false, nil
	}
	return status & 0x7f, false, nil // about to get this signal
}

func (t *tracee) detach(sig int) error {
	return ptrace(unix.PTRACE_DETACH, t.call.TID, 0, uintptr(sig))
}
