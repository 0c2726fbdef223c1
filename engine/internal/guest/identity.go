// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"math"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Identity is who a thread is: what most calls need to know of it.
type Identity struct {
	TGID int
	engine.IDs
}

// Thread asks about one thread after the other, and keeps a pidfd of the last one: to ask about that one again takes one
// system call, where /proc/TID/status takes three and twenty times as long. The zero value and nil, which keeps nothing, are ready
// for use. It is not for several goroutines at once.
type Thread struct {
	tid, pidfd int
	kept       bool
}

// noInfo says that the kernel has no PIDFD_GET_INFO (Linux 6.13).
var noInfo atomic.Bool

// Identity is who thread tid is.
//
// Errors: ESRCH if it has ended; ENOTTY where the kernel cannot tell so, and [ReadStatus] can.
func (t *Thread) Identity(tid int) (Identity, error) {
	if noInfo.Load() {
		return Identity{}, unix.ENOTTY
	}
	// What is kept may be of another thread, which has ended and had the same number.
	if t != nil && t.kept && t.tid == tid {
		if id, e := identity(t.pidfd); e != unix.ESRCH {
			return id, toError(e)
		}
	}
	pidfd, err := unix.PidfdOpen(tid, unix.PIDFD_THREAD)
	if err != nil {
		if err == unix.EINVAL { // PIDFD_THREAD is newer as well
			noInfo.Store(true)
			err = unix.ENOTTY
		}
		return Identity{}, err
	}
	id, e := identity(pidfd)
	if e == unix.ENOTTY || e == unix.EINVAL {
		noInfo.Store(true)
		e = unix.ENOTTY
	}
	if t == nil || e != 0 || pidfd >= keepBelow() {
		unix.Close(pidfd)
		return id, toError(e)
	}
	t.Close()
	*t = Thread{tid: tid, pidfd: pidfd, kept: true}
	return id, nil
}

// keepBelow is where numbers of pidfds must be to be kept: half of the descriptors are for what needs them.
var keepBelow = sync.OnceValue(func() int {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return 0
	}
	return int(min(l.Cur/2, math.MaxInt32))
})

// Close gives back what is kept.
func (t *Thread) Close() {
	if t.kept {
		unix.Close(t.pidfd)
		t.kept = false
	}
}

func identity(pidfd int) (Identity, unix.Errno) {
	var info unix.PidfdInfo
	if e := pidfdInfo(pidfd, &info); e != 0 {
		return Identity{}, e
	}
	return Identity{TGID: int(info.Tgid), IDs: engine.IDs{
		UID: info.Ruid, EUID: info.Euid, SUID: info.Suid, FSUID: info.Fsuid,
		GID: info.Rgid, EGID: info.Egid, SGID: info.Sgid, FSGID: info.Fsgid,
	}}, 0
}

// toError keeps 0 from becoming an error.
func toError(e unix.Errno) error {
	if e == 0 {
		return nil
	}
	return e
}
