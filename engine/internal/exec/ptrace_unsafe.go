// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// childInfo is the part of siginfo_t that waitid(2) fills.
type childInfo struct {
	signo, errno, code int32
	_                  int32
	pid                int32
	uid                uint32
	status             int32
	_                  [100]byte
}

// peekStatus waits until tid has stopped or ended and leaves the status where it
// is, so that an exit remains to be collected by whom it belongs to.
func peekStatus(tid int) (code, status int, err error) {
	var info childInfo
	for {
		err = unix.Waitid(unix.P_PID, tid, (*unix.Siginfo)(unsafe.Pointer(&info)),
			unix.WSTOPPED|unix.WEXITED|unix.WNOWAIT|unix.WALL, nil)
		if err != unix.EINTR {
			return int(info.code), int(info.status), err
		}
	}
}

// ptrace is ptrace(2) for requests whose data is a number.
func ptrace(request, tid int, addr, data uintptr) error {
	_, _, e := unix.RawSyscall6(unix.SYS_PTRACE, uintptr(request), uintptr(tid), addr, data, 0, 0)
	if e != 0 {
		return e
	}
	return nil
}

// signalMask exchanges the blocked signals of a stopped tracee with what set
// points to: PTRACE_GETSIGMASK or PTRACE_SETSIGMASK.
func signalMask(request, tid int, set *uint64) error {
	_, _, e := unix.RawSyscall6(unix.SYS_PTRACE, uintptr(request), uintptr(tid),
		unsafe.Sizeof(*set), uintptr(unsafe.Pointer(set)), 0, 0)
	if e != 0 {
		return e
	}
	return nil
}
