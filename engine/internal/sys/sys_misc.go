// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/abi"
	"vuos.dev/engine/internal/fdesc"
	"vuos.dev/engine/internal/guest"
	"vuos.dev/engine/internal/task"
)

// sysPrctl is for the options by which a guest would see umvu's hand, or slip away from it.
func sysPrctl(c *call) reply {
	switch c.n.Args[0] {
	case abi.PrctlVirtual:
		return c.carried()
	case unix.PR_SET_DUMPABLE:
		// An undumpable process could not be read by an unprivileged umvu.
		switch c.n.Args[1] {
		case 0, 1:
			off := c.n.Args[1] == 0
			return c.result(c.setTask(func(s *task.State) { s.Undumpable = off }))
		}
		return fail(unix.EINVAL)
	case unix.PR_GET_DUMPABLE:
		if c.task().Undumpable {
			return ok(0)
		}
	case unix.PR_GET_SECCOMP:
		if filters(c.TID()) <= 1 {
			return ok(0)
		}
	case unix.PR_SET_NO_NEW_PRIVS:
		if c.s.noNew && c.n.Args[1] == 1 && c.n.Args[2] == 0 && c.n.Args[3] == 0 && c.n.Args[4] == 0 {
			if err := c.setTask(func(s *task.State) { s.NoNewPrivs = true }); err != nil {
				return c.result(err)
			}
		}
	case unix.PR_GET_NO_NEW_PRIVS:
		if c.s.noNew && c.n.Args[1]|c.n.Args[2]|c.n.Args[3]|c.n.Args[4] == 0 && !c.task().NoNewPrivs {
			return ok(0)
		}
	}
	return native
}

// sysGetrlimit, sysSetrlimit and sysPrlimit show RLIMIT_LOCKS, which carries the state's
// number, as the guest set it.
func sysGetrlimit(c *call) reply {
	return c.putLimit(c.task().Locks, c.n.Args[1])
}

func (c *call) putLimit(l unix.Rlimit, addr uint64) reply {
	var b [16]byte
	binary.NativeEndian.PutUint64(b[:], l.Cur)
	binary.NativeEndian.PutUint64(b[8:], l.Max)
	_, err := c.mem().WriteAt(b[:], addr)
	return c.result(err)
}

func sysSetrlimit(c *call) reply { return c.setLocks(c.TID(), c.n.Args[1]) }

func (c *call) setLocks(tid int, addr uint64) reply {
	var b [16]byte
	if _, err := c.mem().ReadAt(b[:], addr); err != nil {
		return c.result(err)
	}
	n := unix.Rlimit{Cur: binary.NativeEndian.Uint64(b[:]), Max: binary.NativeEndian.Uint64(b[8:])}
	if n.Cur > n.Max {
		return fail(unix.EINVAL)
	}
	if n.Max > c.s.tasks.Of(tid).Locks.Max && !c.Cred().HasCap(unix.CAP_SYS_RESOURCE) {
		return fail(unix.EPERM)
	}
	c.state = nil
	return c.result(c.s.tasks.Change(tid, func(s *task.State) { s.Locks = n }))
}

func sysPrlimit(c *call) reply {
	pid := c.fd(0)
	if pid == 0 {
		pid = c.TID()
	} else if _, err := guest.GetLimit(pid, task.RlimitLocks); err != nil || !c.s.tasks.Has(pid) {
		return native
	}
	old := c.s.tasks.Of(pid).Locks
	if set := c.n.Args[2]; set != 0 {
		if r := c.setLocks(pid, set); r.errno != 0 {
			return r
		}
	}
	if c.n.Args[3] != 0 {
		return c.putLimit(old, c.n.Args[3])
	}
	return ok(0)
}

// sysNameToHandle refuses handles of virtual files, as a file system without export operations
// does.
func sysNameToHandle(c *call) reply {
	w := want(0)
	if c.fd(4)&unix.AT_SYMLINK_FOLLOW != 0 {
		w |= follow
	}
	if c.fd(4)&unix.AT_EMPTY_PATH != 0 {
		w |= emptyOK
	}
	if _, r, done := c.find(c.fd(0), c.n.Args[1], w); done {
		return r
	}
	return fail(unix.EOPNOTSUPP)
}

// sysFanotifyMark refuses marks on what is virtual. Arguments: fd, flags, mask, dirfd,
// path.
func sysFanotifyMark(c *call) reply {
	if c.n.Args[4] == 0 {
		if c.file(c.fd(3)) != nil {
			return fail(unix.ENODEV)
		}
		return native
	}
	if _, r, done := c.find(c.fd(3), c.n.Args[4], follow); done {
		return r
	}
	return fail(unix.ENODEV)
}

// refuseVirtual is for calls that virtual files do not have; errno is their error.
func refuseVirtual(errno unix.Errno) func(*call) reply {
	return func(c *call) reply {
		if c.file(c.fd(0)) == nil {
			return native
		}
		return fail(errno)
	}
}

// sysFadvise: advice about virtual files may be ignored, but it must make sense.
func sysFadvise(c *call) reply {
	return c.onFile(func(*fdesc.Open) error {
		if int64(c.n.Args[2]) < 0 || c.n.Args[3] > unix.FADV_NOREUSE {
			return unix.EINVAL
		}
		return nil
	})
}

// sysReadahead has nothing to do: reading does it.
func sysReadahead(c *call) reply {
	return c.onFile(func(f *fdesc.Open) error {
		if f.Flags&unix.O_ACCMODE == unix.O_WRONLY {
			return unix.EBADF
		}
		if t := f.Node.Type(); t != unix.S_IFREG && t != unix.S_IFBLK {
			return unix.EINVAL
		}
		return nil
	})
}

// refusePath is for calls on a path that virtual files do not have.
func refusePath(errno unix.Errno) func(*call) reply {
	return func(c *call) reply {
		if _, r, done := c.find(c.dirFD(), c.pathArg(), follow|emptyOK); done {
			return r
		}
		return fail(errno)
	}
}
