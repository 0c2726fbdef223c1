// SPDX-License-Identifier: Apache-2.0

package vu

import (
	"os"

	"golang.org/x/sys/unix"

	"vuos.dev/engine/abi"
)

// mountErrorLen is the longest message of a failed mount that is read, in bytes.
const mountErrorLen = 4096

// Mount is mount(2): virtual if a module of the view serves fstype.
func (System) Mount(source, target, fstype string, flags uintptr, data string) error {
	err := unix.Mount(source, target, fstype, flags, data)
	if err != unix.EPERM || ctlCheck() != nil {
		return err
	}
	// Perhaps it was not the view that refused it.
	var at [4]*byte
	for i, s := range []string{source, target, fstype, data} {
		if at[i], err = unix.BytePtrFromString(s); err != nil {
			return err
		}
	}
	return carryMount(at[0], at[1], at[2], flags, at[3])
}

// Umount is umount2(2).
func (System) Umount(target string, flags int) error {
	err := unix.Unmount(target, flags)
	if err != unix.EPERM || ctlCheck() != nil {
		return err
	}
	at, err := unix.BytePtrFromString(target)
	if err != nil {
		return err
	}
	return carryUmount(at, flags)
}

// MountError returns the module's message for this process's last failed mount,
// empty if there is none.
func (System) MountError() string {
	buf := make([]byte, mountErrorLen)
	if ctlGet(abi.CtlMountError, buf, 0) != nil {
		return ""
	}
	return unix.ByteSliceToString(buf)
}

// Stat returns the st_mode of path.
func (System) Stat(path string) (mode uint32, err error) {
	var st unix.Stat_t
	err = unix.Stat(path, &st)
	return st.Mode, err
}

// Mounts returns /proc/mounts: the mounts that the caller sees. Errors are of
// type [os.PathError].
func (System) Mounts() ([]byte, error) {
	return os.ReadFile("/proc/mounts")
}
