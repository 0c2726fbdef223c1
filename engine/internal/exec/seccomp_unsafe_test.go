// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The kernel's interface, include/uapi/linux/seccomp.h.
const (
	setModeFilter    = 1
	flagNewListener  = 1 << 3
	flagWaitKillable = 1 << 5
	notifRecv        = 0xc0502100
	notifSend        = 0xc0182101
	notifAddfd       = 0x40182103
	respFlagContinue = 1
	addfdFlagSetfd   = 1
	retUserNotif     = 0x7fc00000
	retAllow         = 0x7fff0000
	restartError     = -512
	offsetOfNr       = 0
)

type notif struct {
	id         uint64
	pid, flags uint32
	nr         int32
	arch       uint32
	ip         uint64
	args       [6]uint64
}

type notifResp struct {
	id    uint64
	val   int64
	err   int32
	flags uint32
}

type notifAddfdArg struct {
	id                              uint64
	flags, srcfd, newfd, newfdFlags uint32
}

func ioctl(fd int, req uintptr, p unsafe.Pointer) error {
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), req, uintptr(p)); e != 0 {
		return e
	}
	return nil
}

func receive(fd int, n *notif) error      { *n = notif{}; return ioctl(fd, notifRecv, unsafe.Pointer(n)) }
func send(fd int, r notifResp) error      { return ioctl(fd, notifSend, unsafe.Pointer(&r)) }
func addfd(fd int, a notifAddfdArg) error { return ioctl(fd, notifAddfd, unsafe.Pointer(&a)) }

// installFilter traps execve and execveat of the calling thread and what it starts.
func installFilter() (int, error) {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return -1, err
	}
	code := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offsetOfNr},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_EXECVE, Jt: 1},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_EXECVEAT, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: retUserNotif},
		{Code: unix.BPF_RET | unix.BPF_K, K: retAllow},
	}
	prog := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	fd, _, e := unix.Syscall(unix.SYS_SECCOMP, setModeFilter, flagNewListener|flagWaitKillable, uintptr(unsafe.Pointer(&prog)))
	runtime.KeepAlive(code)
	if e != 0 {
		return -1, e
	}
	return int(fd), nil
}
