// SPDX-License-Identifier: Apache-2.0

package vu

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// Become takes on the ids of an account, and binds the goroutine to its thread:
// only that thread has changed, and it is the one that execve(2) keeps. The
// process is good for nothing but [System.Exec] afterwards.
//
// A view may virtualize user and group ids but not supplementary groups, so a
// refusal of these is ignored: then the process keeps the groups it had.
//
// Errors: EPERM where the ids are real and the caller is not root.
func (System) Become(a *Account) error {
	runtime.LockOSThread()
	groups := make([]uint32, len(a.Groups))
	for i, g := range a.Groups {
		groups[i] = uint32(g)
	}
	if err := setgroups(groups); err != nil && err != unix.EPERM {
		return err
	}
	if err := setThreadIDs(unix.SYS_SETRESGID, a.GID); err != nil {
		return err
	}
	return setThreadIDs(unix.SYS_SETRESUID, a.UID)
}

// setThreadIDs sets the real, effective and saved id of the calling thread.
func setThreadIDs(nr uintptr, id int) error {
	_, _, errno := unix.RawSyscall(nr, uintptr(id), uintptr(id), uintptr(id))
	if errno != 0 {
		return errno
	}
	return nil
}
