// SPDX-License-Identifier: Apache-2.0

package vu

import (
	"unsafe"

	"golang.org/x/sys/unix"

	"vuos.dev/engine/abi"
)

// vcall makes a virtual system call. The kernel sees the negative number as
// one that it does not have. The caller keeps what the arguments point to
// alive and in place by converting pointers in the call itself.
//
//go:uintptrescapes
func vcall(nr int, a1, a2, a3, a4 uintptr) (int, error) {
	r, _, errno := unix.Syscall6(uintptr(nr), a1, a2, a3, a4, 0, 0)
	switch errno {
	case unix.ENOSYS, unix.EPERM:
		if _, err := carry(abi.SysVuctl, abi.CtlGetInfo, 0, 0, 0, 0); err == nil {
			return carry(nr, a1, a2, a3, a4, 0)
		}
	}
	if errno != 0 {
		return -1, errno
	}
	return int(r), nil
}

// carry makes a call by prctl(2), see [abi.PrctlVirtual].
//
//go:uintptrescapes
func carry(nr int, a1, a2, a3, a4, a5 uintptr) (int, error) {
	args := [6]uintptr{a1, a2, a3, a4, a5}
	r, _, errno := unix.Syscall6(unix.SYS_PRCTL, abi.PrctlVirtual, uintptr(nr), uintptr(unsafe.Pointer(&args)), 0, 0, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(r), nil
}

func carryMount(source, target, fstype *byte, flags uintptr, data *byte) error {
	_, err := carry(unix.SYS_MOUNT, uintptr(unsafe.Pointer(source)), uintptr(unsafe.Pointer(target)),
		uintptr(unsafe.Pointer(fstype)), flags, uintptr(unsafe.Pointer(data)))
	return err
}

func carryUmount(target *byte, flags int) error {
	_, err := carry(unix.SYS_UMOUNT2, uintptr(unsafe.Pointer(target)), uintptr(flags), 0, 0, 0)
	return err
}

func insmod(name *byte, permanent int) error {
	_, err := vcall(abi.SysInsmod, uintptr(unsafe.Pointer(name)), uintptr(permanent), 0, 0)
	return err
}

func rmmod(name *byte) error {
	_, err := vcall(abi.SysRmmod, uintptr(unsafe.Pointer(name)), 0, 0, 0)
	return err
}

// lsmod fills buf and returns the length needed, with the final NUL.
func lsmod(buf []byte) (int, error) {
	return vcall(abi.SysLsmod, uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)), 0, 0)
}

// ctlCheck asks for nothing: vuctl(CtlGetInfo, NULL).
func ctlCheck() error {
	_, err := vcall(abi.SysVuctl, abi.CtlGetInfo, 0, 0, 0)
	return err
}

func ctlInfo(info *abi.Info) error {
	_, err := vcall(abi.SysVuctl, abi.CtlGetInfo, uintptr(unsafe.Pointer(info)), 0, 0)
	return err
}

// ctlPut passes a string in, with one more argument that some tags have.
func ctlPut(tag int, s *byte, arg int) error {
	_, err := vcall(abi.SysVuctl, uintptr(tag), uintptr(unsafe.Pointer(s)), uintptr(arg), 0)
	return err
}

// ctlGet takes a string out, with one more argument that some tags have.
func ctlGet(tag int, buf []byte, arg int) error {
	_, err := vcall(abi.SysVuctl, uintptr(tag), uintptr(unsafe.Pointer(unsafe.SliceData(buf))),
		uintptr(len(buf)), uintptr(arg))
	return err
}

func ctlTagName(letter byte, buf []byte) error {
	_, err := vcall(abi.SysVuctl, abi.CtlGetDebugTagName, uintptr(letter),
		uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)))
	return err
}

func msocket(stack *byte, domain, typ, protocol int) (int, error) {
	return vcall(abi.SysMsocket, uintptr(unsafe.Pointer(stack)), uintptr(domain), uintptr(typ), uintptr(protocol))
}

// setgroups changes the calling thread only.
func setgroups(gids []uint32) error {
	_, _, errno := unix.RawSyscall(unix.SYS_SETGROUPS, uintptr(len(gids)),
		uintptr(unsafe.Pointer(unsafe.SliceData(gids))), 0)
	if errno != 0 {
		return errno
	}
	return nil
}
