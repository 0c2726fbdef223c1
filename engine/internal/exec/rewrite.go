// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"fmt"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// restartSys is ERESTARTSYS, include/linux/errno.h, as a register holds it.
const restartSys = ^uint64(511)

// Rewrite turns call, whose notification has been received and not yet answered,
// into execveat(to.Dirfd, to.Name, argv, envp, 0) and lets the guest make that
// call, which is then trapped again; the result recognizes it. The guest's memory
// is read, and written only in an area of its own (scratch.go).
//
// It works for any thread, for children by vfork and posix_spawn, and for guests
// that are stopped or have signals pending: these are handled as if the call
// had not begun. The guest is attached with ptrace for about 50 µs, twice that when
// it gets its area. Where another tracer is in the way, the path is overwritten in
// place if opts.Continue is given, to.Head is nil and there is room for "/dev/fd/DIRFD/NAME";
// then the notification is answered by Continue, no second one
// comes, and only Done remains to be called.
//
// Errors: [ErrGone], nothing remains to be done; [Answered], the guest has got
// that error as the result of its call; any other, among them [ErrTraced], means
// that the notification is still to be answered.
func Rewrite(call Call, to Target, opts Options) (*Pending, error) {
	plan, err := prepare(&call, &to)
	if err != nil {
		return nil, err
	}
	p := &Pending{TID: call.TID}
	if n := plan.size(); n > 0 {
		if p.part, err = takePart(n); err != nil {
			return nil, err
		}
		p.free = sync.OnceFunc(func() { freePart(p.part) })
	}
	t := &tracee{call: &call, to: &to, plan: plan, pending: p}
	onThread(func() (clean bool) {
		if opts.Reaper != nil {
			opts.Reaper.Lock()
			defer opts.Reaper.Unlock()
		}
		clean, err = t.rewrite(&opts)
		return clean
	})
	if err == errOtherTracer {
		err = p.inPlace(&call, &to, &opts)
	}
	if err != nil {
		p.Done()
		return nil, err
	}
	return p, nil
}

// prepare finds out what must be written into the guest.
func prepare(call *Call, to *Target) (*layout, error) {
	if call.Nr != unix.SYS_EXECVE && call.Nr != unix.SYS_EXECVEAT {
		return nil, fmt.Errorf("rewrite system call %d: %w", call.Nr, unix.EINVAL)
	}
	if err := checkName(to.Name); err != nil {
		return nil, err
	}
	if err := checkHead(to.Head); err != nil {
		return nil, err
	}
	m := memory(call.TID)
	plan := &layout{name: to.Name}
	path, err := m.readString(call.path())
	if err != nil {
		return nil, err
	}
	if path == to.Name || strings.HasSuffix(path, "/"+to.Name) {
		plan.name = ""
		plan.nameAt = call.path() + uint64(len(path)-len(to.Name))
	}
	if to.Head != nil {
		argv, err := readArgv(m, call.argv())
		if err != nil {
			return nil, err
		}
		plan.replace, plan.head = true, to.Head
		if len(argv) > 0 {
			plan.tail = argv[1:]
		}
	}
	return plan, nil
}

// onThread runs f on an OS thread that nobody else uses meanwhile, as ptrace
// wants it. Unless f reports that all is clean the thread ends: the kernel then
// detaches what is still attached, and hands on what f has left unwaited for
// (kernel/ptrace.c:exit_ptrace()).
func onThread(f func() (clean bool)) {
	done := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			// The main thread cannot end. Keep it busy and take another one.
			onThread(f)
			runtime.UnlockOSThread()
		} else if f() {
			runtime.UnlockOSThread()
		}
		close(done)
	}()
	<-done
}
