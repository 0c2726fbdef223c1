// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// GetLimit reads a resource limit of a process or thread.
func GetLimit(tid, resource int) (unix.Rlimit, error) {
	var l unix.Rlimit
	err := unix.Prlimit(tid, resource, nil, &l)
	if err == unix.EPERM {
		err = asRealIDs(tid, func() error { return unix.Prlimit(tid, resource, nil, &l) })
	}
	return l, err
}

// SetLimit sets a resource limit of a process.
func SetLimit(tid, resource int, l unix.Rlimit) error {
	err := unix.Prlimit(tid, resource, &l, nil)
	if err == unix.EPERM {
		err = asRealIDs(tid, func() error { return unix.Prlimit(tid, resource, &l, nil) })
	}
	return err
}

// asRealIDs runs f on a thread that has the real user and group of another thread: that is what
// prlimit(2) asks for without CAP_SYS_RESOURCE, which root in a container often lacks. Effective ids and
// capabilities stay. A thread that cannot be restored is not used again.
func asRealIDs(tid int, f func() error) error {
	if unix.Geteuid() != 0 {
		return unix.EPERM
	}
	st, err := ReadStatus(tid)
	if err != nil {
		return unix.ESRCH
	}
	runtime.LockOSThread()
	ruid, rgid := unix.Getuid(), unix.Getgid()
	err = setReal(int(st.Cred.UID), int(st.Cred.GID))
	if err == nil {
		err = f()
	}
	if setReal(ruid, rgid) == nil {
		runtime.UnlockOSThread()
	}
	return err
}

// setReal changes the calling thread alone, unlike the standard library's functions.
func setReal(uid, gid int) error {
	const same = ^uintptr(0)
	if _, _, e := unix.RawSyscall(unix.SYS_SETRESGID, uintptr(gid), same, same); e != 0 {
		return e
	}
	if _, _, e := unix.RawSyscall(unix.SYS_SETRESUID, uintptr(uid), same, same); e != 0 {
		return e
	}
	return nil
}
