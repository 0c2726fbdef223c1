// SPDX-License-Identifier: Apache-2.0

package exec

import "golang.org/x/sys/unix"

// Map has the guest make call, an mmap(2) whose notification has been received and not yet answered, with another
// descriptor in the place of its own. install, which is called while the guest is attached, puts that into the guest at a
// number whose calls are not notified; it is closed there behind the call. Of opts, Restart and Reaper are used.
//
// Errors: [ErrGone], nothing remains to be done; any other, among them [ErrTraced], means that the notification is still to
// be answered. The result of the mmap is the guest's.
func Map(call Call, install func() (fd int, err error), opts Options) (err error) {
	t := &tracee{call: &call}
	fd, restart := -1, opts.Restart
	opts.Restart = func() (err error) {
		if fd, err = install(); err != nil {
			return err
		}
		return restart()
	}
	onThread(func() (clean bool) {
		if opts.Reaper != nil {
			opts.Reaper.Lock()
			defer opts.Reaper.Unlock()
		}
		clean, err = t.mapInstead(&opts, &fd)
		return clean
	})
	if err == errOtherTracer {
		return ErrTraced
	}
	return err
}

func (t *tracee) mapInstead(opts *Options, fd *int) (clean bool, err error) {
	var regs unix.PtraceRegs
	sig, clean, err := t.attach(opts, &regs)
	if err != nil {
		return clean, err
	}
	err = t.undisturbed(func() error {
		args := t.call.Args
		args[4] = uint64(*fd)
		got, err := t.inject(&regs, unix.SYS_MMAP, args)
		if err != nil {
			return err
		}
		_, err = t.inject(&regs, unix.SYS_CLOSE, [6]uint64{uint64(*fd)})
		regs.Rax = got
		return err
	})
	if err == nil {
		err = t.proceed(&regs, sig, nil)
	}
	return err == nil, err
}
