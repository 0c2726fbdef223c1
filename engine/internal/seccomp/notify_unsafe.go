// SPDX-License-Identifier: Apache-2.0

package seccomp

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Install puts the filter on the calling thread, which must be locked to its
// goroutine, and returns its listener. All processes that this thread starts are guests.
// The thread needs CAP_SYS_ADMIN or no_new_privs.
func Install(code []unix.SockFilter) (*Listener, error) {
	p := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	flags := uintptr(flagNewListener | flagWaitKillable)
	fd, _, e := unix.RawSyscall(unix.SYS_SECCOMP, setModeFilter, flags, uintptr(unsafe.Pointer(&p)))
	if e != 0 {
		return nil, fmt.Errorf("install the seccomp filter: %w", e)
	}
	l := &Listener{fd: int(fd)}
	unix.CloseOnExec(l.fd)
	// Before Linux 6.6 there is no such flag: everything works, only slower.
	_, _, _ = unix.RawSyscall(unix.SYS_IOCTL, uintptr(l.fd), iocSetFlags, fdSyncWakeUp)
	return l, nil
}

func (l *Listener) recv(n *Notif) unix.Errno {
	_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(l.fd), iocRecv, uintptr(unsafe.Pointer(n)))
	return e
}

func (l *Listener) send(r *resp) unix.Errno {
	_, _, e := unix.RawSyscall(unix.SYS_IOCTL, uintptr(l.fd), iocSend, uintptr(unsafe.Pointer(r)))
	return e
}

func (l *Listener) addIoctl(a *addfd) (int, unix.Errno) {
	n, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(l.fd), iocAddFD, uintptr(unsafe.Pointer(a)))
	return int(n), e
}

func (l *Listener) valid(id *uint64) unix.Errno {
	_, _, e := unix.RawSyscall(unix.SYS_IOCTL, uintptr(l.fd), iocIDValid, uintptr(unsafe.Pointer(id)))
	return e
}
