// SPDX-License-Identifier: Apache-2.0

package exec

import "golang.org/x/sys/unix"

// Fail has the guest make call, whose notification has been received and not yet answered, and get errno as its result whatever
// the kernel returns. The call is notified once more while Fail runs, with args in the place of its own: they tell that it is to be
// continued. Of opts, Restart and Reaper are used.
//
// Errors: [ErrGone], nothing remains to be done; any other, among them [ErrTraced], means that the notification is still to
// be answered.
func Fail(call Call, args [6]uint64, errno unix.Errno, opts Options) (err error) {
	t := &tracee{call: &call}
	onThread(func() (clean bool) {
		if opts.Reaper != nil {
			opts.Reaper.Lock()
			defer opts.Reaper.Unlock()
		}
		clean, err = t.fail(args, errno, &opts)
		return clean
	})
	if err == errOtherTracer {
		return ErrTraced
	}
	return err
}

func (t *tracee) fail(args [6]uint64, errno unix.Errno, opts *Options) (clean bool, err error) {
	var regs unix.PtraceRegs
	sig, clean, err := t.attach(opts, &regs)
	if err != nil {
		return clean, err
	}
	err = t.undisturbed(func() error {
		_, err := t.inject(&regs, uint64(t.call.Nr), args)
		return err
	})
	if err == nil {
		regs.Rax = errnoResult(errno)
		err = t.proceed(&regs, sig, nil)
	}
	return err == nil, err
}
