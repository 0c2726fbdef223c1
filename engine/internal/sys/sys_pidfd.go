// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"os"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/guest"
)

// sysPidfdGetfd is pidfd_getfd(pidfd, targetfd, flags). The kernel would give a virtual descriptor a number at which its
// calls are not seen.
func sysPidfdGetfd(c *call) reply {
	if !c.mayBringVirtual() || c.n.Args[2] != 0 {
		return native
	}
	return c.withFD(c.fd(0), func(own int) reply {
		fd, err := unix.PidfdGetfd(own, c.fd(1), 0)
		if err != nil {
			return native
		}
		defer unix.Close(fd)
		if !c.s.zoned(fd) {
			return native
		}
		if pid, ok := guest.PidfdPID(os.Getpid(), own); !ok || !c.mayTrace(pid) {
			return fail(unix.EPERM)
		}
		n, err := c.installZone(fd, true, zoneFor(c.s.fileOf(os.Getpid(), fd)))
		if err != nil {
			return c.result(err)
		}
		return ok(int64(n))
	})
}

// mayTrace tells whether the caller may look into a process (kernel/ptrace.c:__ptrace_may_access()).
func (c *call) mayTrace(pid int) bool {
	st, err := guest.ReadStatus(pid)
	if err != nil {
		return false
	}
	me, it := c.Cred(), &st.Cred
	return st.TGID == c.PID() || me.HasCap(unix.CAP_SYS_PTRACE) ||
		me.UID == it.UID && me.UID == it.EUID && me.UID == it.SUID &&
			me.GID == it.GID && me.GID == it.EGID && me.GID == it.SGID && it.CapEff&^me.CapEff == 0
}
