// SPDX-License-Identifier: Apache-2.0

package host

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The wrappers of the standard library change all threads; these change the calling one,
// as the kernel does.

func setGroups(groups []uint32) error {
	_, _, e := unix.RawSyscall(unix.SYS_SETGROUPS, uintptr(len(groups)), uintptr(unsafe.Pointer(unsafe.SliceData(groups))), 0)
	return errnoErr(e)
}

func setFSIDs(uid, gid uint32) {
	_, _, _ = unix.RawSyscall(unix.SYS_SETFSGID, uintptr(gid), 0, 0)
	_, _, _ = unix.RawSyscall(unix.SYS_SETFSUID, uintptr(uid), 0, 0)
}

// setEffective sets the effective capabilities and leaves the permitted ones.
func setEffective(caps uint64) error {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&head, &data[0]); err != nil {
		return err
	}
	data[0].Effective, data[1].Effective = uint32(caps)&data[0].Permitted, uint32(caps>>32)&data[1].Permitted
	return unix.Capset(&head, &data[0])
}

func errnoErr(e unix.Errno) error {
	if e != 0 {
		return e
	}
	return nil
}
