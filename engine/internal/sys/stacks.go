// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/abi"
	"vuos.dev/engine/internal/task"
	"vuos.dev/engine/internal/view"
)

const (
	sockTypeMask = 0xf // SOCK_TYPE_MASK
	sockFlags    = unix.SOCK_CLOEXEC | unix.SOCK_NONBLOCK
)

// sysSocket is socket(family, type, protocol): in the caller's default stack for the family.
func sysSocket(c *call) reply {
	if c.s.tasks.Only() {
		return native
	}
	at := c.task().Stacks.Of(c.fd(0))
	if at.IsZero() {
		return native
	}
	return c.openSocket(at, c.fd(0), c.fd(1), c.fd(2))
}

// sysMsocket is msocket(stack, family, type, protocol): a socket in a certain stack, or with the type SOCK_DEFAULT that
// stack as the caller's default for the family, or for all families that it has. Without a path the stack is the
// default one.
func sysMsocket(c *call) reply {
	family, typ, protocol := c.fd(1), c.fd(2), c.fd(3)
	at := c.task().Stacks.Of(family)
	if c.n.Args[0] != 0 {
		var err error
		if at, err = c.stackAt(c.n.Args[0]); err != nil {
			return c.result(err)
		}
	}
	if at.IsZero() {
		return fail(unix.EAFNOSUPPORT)
	}
	if typ == abi.SockDefault {
		return c.result(c.setDefault(at, family))
	}
	return c.openSocket(at, family, typ, protocol)
}

// stackAt finds a stack by its path.
func (c *call) stackAt(addr uint64) (view.Pos, error) {
	t, r, done := c.onHost(c.path[:], unix.AT_FDCWD, addr, follow)
	if done {
		return view.Pos{}, r.errno
	}
	if _, ok := t.Node.(engine.Stack); !ok {
		return view.Pos{}, unix.ENOTSUP
	}
	return t.Pos, mayAccess(c, t, unix.R_OK|unix.W_OK)
}

// setDefault makes a stack the default of the calling process and of those that it starts from now on.
func (c *call) setDefault(at view.Pos, family int) error {
	families := []int{family}
	switch {
	case family == unix.AF_UNSPEC:
		families = at.Node.(engine.Stack).Families()
	case family < 0 || family >= task.Families:
		return unix.EAFNOSUPPORT
	}
	return c.setTask(func(s *task.State) { s.Stacks = s.Stacks.With(at, families) })
}

// openSocket makes a socket in a stack (net/socket.c:__sys_socket()).
func (c *call) openSocket(at view.Pos, family, typ, protocol int) reply {
	if !has(at.Node.(engine.Stack), family) {
		return fail(unix.EAFNOSUPPORT)
	}
	flags := typ &^ sockTypeMask
	if flags&^sockFlags != 0 {
		return fail(unix.EINVAL)
	}
	typ &= sockTypeMask
	s, err := at.Node.(engine.Stack).Socket(c, family, typ, protocol)
	if err != nil {
		return c.result(err)
	}
	fd, err := c.installSocket(at, s, typ, flags)
	if err != nil {
		return c.result(err)
	}
	return ok(int64(fd))
}

func has(s engine.Stack, family int) bool {
	for _, f := range s.Families() {
		if f == family {
			return true
		}
	}
	return false
}

// installSocket gives the guest a descriptor for a socket. That of a stream gets the lowest number, for its data is the
// kernel's to move. The socket is released if it fails.
func (c *call) installSocket(at view.Pos, s engine.Socket, typ, flags int) (int, error) {
	cloexec := flags&unix.SOCK_CLOEXEC != 0
	if h, isHost := s.(engine.HostSocket); isHost {
		fd := h.HostFD()
		defer unix.Close(fd)
		s.Release(c)
		if flags&unix.SOCK_NONBLOCK != 0 {
			if err := unix.SetNonblock(fd, true); err != nil {
				return -1, err
			}
		}
		return c.s.listener.AddLowest(c.n.ID, fd, cloexec)
	}
	x, fd, err := c.s.socks.New(s, typ, flags&unix.SOCK_NONBLOCK != 0, at.Mount)
	if err != nil {
		s.Release(c)
		return -1, err
	}
	defer unix.Close(fd) // which is the last close if it was not installed
	if x.IsStream() {
		return c.s.listener.AddLowest(c.n.ID, fd, cloexec)
	}
	return c.installZone(fd, cloexec, otherZone)
}
