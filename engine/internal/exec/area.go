// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// area finds or makes the guest's area and returns its base.
func (t *tracee) area(regs *unix.PtraceRegs) (uint64, error) {
	m := memory(t.call.TID)
	for i := range uint64(areaPlaces) {
		if base := areaBase + i*areaStep; hasArea(m, base) {
			return base, nil
		}
	}
	var base uint64
	err := t.undisturbed(func() (err error) {
		base, err = t.makeArea(regs)
		return err
	})
	return base, err
}

// undisturbed runs f while all signals of the guest are blocked. One that was about to be delivered is held back;
// detach delivers it.
func (t *tracee) undisturbed(f func() error) error {
	var mask uint64
	if err := signalMask(unix.PTRACE_GETSIGMASK, t.call.TID, &mask); err != nil {
		return ErrGone
	}
	all := ^uint64(0)
	if err := signalMask(unix.PTRACE_SETSIGMASK, t.call.TID, &all); err != nil {
		return ErrGone
	}
	err := f()
	if e := signalMask(unix.PTRACE_SETSIGMASK, t.call.TID, &mask); e != nil {
		return ErrGone
	}
	return err
}

// makeArea maps the area at the first place that is free.
func (t *tracee) makeArea(regs *unix.PtraceRegs) (uint64, error) {
	for i := range uint64(areaPlaces) {
		base := areaBase + i*areaStep
		got, err := t.inject(regs, unix.SYS_MMAP, [6]uint64{base, areaSize,
			unix.PROT_READ | unix.PROT_WRITE,
			unix.MAP_PRIVATE | unix.MAP_ANONYMOUS | unix.MAP_NORESERVE | unix.MAP_FIXED_NOREPLACE,
			^uint64(0), 0})
		switch {
		case err != nil:
			return 0, err
		case got == base:
			return base, memory(t.call.TID).writeAt(mark(), base)
		case got != errnoResult(unix.EEXIST):
			return 0, fmt.Errorf("map memory in a guest: result %#x: %w", got, unix.ENOMEM)
		case hasArea(memory(t.call.TID), base): // another thread was faster
			return base, nil
		}
	}
	return 0, unix.ENOMEM
}

// inject has the stopped guest make a system call in the place of its own, with
// all signals blocked, and returns the result. It leaves the guest stopped.
func (t *tracee) inject(regs *unix.PtraceRegs, nr uint64, args [6]uint64) (uint64, error) {
	r := *regs
	r.Rip -= sizeofSyscall
	r.Rax, r.Orig_rax = nr, ^uint64(0)
	r.Rdi, r.Rsi, r.Rdx, r.R10, r.R8, r.R9 = args[0], args[1], args[2], args[3], args[4], args[5]
	if err := unix.PtraceSetRegs(t.call.TID, &r); err != nil {
		return 0, ErrGone
	}
	sig := 0
	for stops := 0; stops < 2; {
		if err := ptrace(unix.PTRACE_SYSCALL, t.call.TID, 0, uintptr(sig)); err != nil {
			return 0, ErrGone
		}
		s, atCall, err := t.wait()
		if err != nil {
			return 0, err
		}
		if sig = s; atCall { // else SIGSTOP, the one signal that comes through
			stops++
		}
	}
	if err := unix.PtraceGetRegs(t.call.TID, &r); err != nil {
		return 0, ErrGone
	}
	return r.Rax, nil
}

// errnoResult is how a system call returns e in a register.
func errnoResult(e unix.Errno) uint64 { return uint64(-int64(e)) }
