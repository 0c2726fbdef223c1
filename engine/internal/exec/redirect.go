// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"errors"
	"sync"

	"golang.org/x/sys/unix"
)

// Redirect has the guest make call, whose notification has been received and not yet answered, with other arguments, some of
// which point to memory of its own: build is told where that lies and returns what is to stand there, of which there are
// at most size bytes, and the arguments. The call is then trapped again; the caller knows it by its arguments, and calls
// [Pending.Done] when the call is over. Of opts, Restart, Ready and Reaper are used.
//
// Errors: as [Rewrite].
func Redirect(call Call, size int, build func(base uint64) (image []byte, args [6]uint64), opts Options) error {
	p := &Pending{TID: call.TID}
	part, err := takePart(size)
	if err != nil {
		return err
	}
	p.part, p.free = part, sync.OnceFunc(func() { freePart(part) })
	t := &tracee{call: &call, pending: p}
	onThread(func() (clean bool) {
		if opts.Reaper != nil {
			opts.Reaper.Lock()
			defer opts.Reaper.Unlock()
		}
		clean, err = t.redirect(build, &opts)
		return clean
	})
	if err == errOtherTracer {
		err = ErrTraced
	}
	if err != nil {
		p.Done()
	}
	return err
}

func (t *tracee) redirect(build func(base uint64) ([]byte, [6]uint64), opts *Options) (clean bool, err error) {
	var regs unix.PtraceRegs
	sig, clean, err := t.attach(opts, &regs)
	if err != nil {
		return clean, err
	}
	base, err := t.area(&regs)
	if errors.Is(err, ErrGone) {
		return false, err
	}
	var failed error
	if err == nil {
		t.pending.base = base + uint64(t.pending.part.from)
		image, args := build(t.pending.base)
		if err = memory(t.call.TID).writeAt(image, t.pending.base); err == nil {
			regs.Rip -= sizeofSyscall
			regs.Rax = uint64(t.call.Nr)
			regs.Rdi, regs.Rsi, regs.Rdx, regs.R10, regs.R8, regs.R9 = args[0], args[1], args[2], args[3], args[4], args[5]
		}
	}
	ready := func() { opts.Ready(t.pending) }
	if err != nil {
		regs.Rax, ready = errnoResult(unix.ENOMEM), nil
		failed = &Answered{unix.ENOMEM}
	}
	if err := t.proceed(&regs, sig, ready); err != nil {
		return false, err
	}
	return true, failed
}
