// SPDX-License-Identifier: Apache-2.0

package hypervisor

import (
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"vuos.dev/engine/internal/fork"
)

// forked is a copy of this process that waits for a byte from a pipe, or the end of the first one. All that it needs is made before:
// in a fork of a program with threads there is no Go runtime to rely on.
type forked struct {
	pipe, null uintptr
	umvu       uintptr // pidfd of the first process
	exe, root  *byte
	argv       []*byte
	envv       []*byte
	old        uint64 // signal mask
	polls      [2]unix.PollFd
}

// Descriptors of the child.
const (
	keeperPipe = 0
	keeperUmvu = 3
)

// newForked prepares one that runs this program again, under the given name and arguments, when the process behind a pidfd
// has ended without a byte in the pipe. The end of the pipe would not tell: a process between fork and exec
// holds it open too.
func newForked(pipe, null *os.File, umvu int, argv ...string) (f *forked, err error) {
	f = &forked{pipe: pipe.Fd(), null: null.Fd(), umvu: uintptr(umvu)}
	f.polls = [2]unix.PollFd{{Fd: keeperPipe, Events: unix.POLLIN}, {Fd: keeperUmvu, Events: unix.POLLIN}}
	if f.argv, err = syscall.SlicePtrFromStrings(argv); err != nil {
		return nil, err
	}
	if f.envv, err = syscall.SlicePtrFromStrings([]string{"GOMAXPROCS=1"}); err != nil {
		return nil, err
	}
	if f.exe, err = syscall.BytePtrFromString("/proc/self/exe"); err != nil {
		return nil, err
	}
	f.root, err = syscall.BytePtrFromString("/")
	return f, err
}

// start forks. The child sends no signal when it ends: who waits for guests does not see it.
func (f *forked) start() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if e := f.fork(); e != 0 {
		return e
	}
	return nil
}

// fork returns in the parent only.
//
//go:norace
func (f *forked) fork() unix.Errno {
	pid, e := fork.Raw(0, &f.old)
	if e == 0 && pid == 0 {
		f.wait()
	}
	return e
}

// wait is the child, which leaves the terminal and holds nothing open.
//
//go:nosplit
func (f *forked) wait() {
	unix.RawSyscall(unix.SYS_SETSID, 0, 0, 0)
	unix.RawSyscall(unix.SYS_DUP3, f.pipe, keeperPipe, 0)
	unix.RawSyscall(unix.SYS_DUP3, f.null, 1, 0)
	unix.RawSyscall(unix.SYS_DUP3, f.null, 2, 0)
	unix.RawSyscall(unix.SYS_DUP3, f.umvu, keeperUmvu, 0)
	unix.RawSyscall(unix.SYS_CLOSE_RANGE, keeperUmvu+1, ^uintptr(0)>>32, 0)
	unix.RawSyscall(unix.SYS_CHDIR, uintptr(unsafe.Pointer(f.root)), 0, 0)
	unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&f.polls[0])), uintptr(len(f.polls)), 0, 0, 0, 0)
	if f.polls[0].Revents&unix.POLLIN == 0 {
		unix.RawSyscall(unix.SYS_CLOSE, keeperUmvu, 0, 0)
		unix.RawSyscall6(unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, uintptr(unsafe.Pointer(&f.old)), 0, 8, 0, 0)
		unix.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(f.exe)), uintptr(unsafe.Pointer(&f.argv[0])), uintptr(unsafe.Pointer(&f.envv[0])))
	}
	unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
}
