// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"errors"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/exec"
	"vuos.dev/engine/internal/guest"
	"vuos.dev/engine/internal/seccomp"
	"vuos.dev/engine/internal/sockfd"
)

// mapSocket is mmap(2) of a socket of a stack. Its stand-in cannot be mapped: the guest is made to map the file of the
// socket's memory.
func (c *call) mapSocket(x *sockfd.Socket) reply {
	m, ok := x.Socket.(engine.SocketMapper)
	if !ok {
		return fail(unix.ENODEV)
	}
	file, err := m.Mmap(c, int64(c.n.Args[5]), int64(c.n.Args[1]))
	if err != nil {
		return c.result(err)
	}
	c.Block()
	pid, fd := c.PID(), c.fd(4)
	x.Mapped(func() (int, error) { return guest.Take(pid, fd) })
	err = exec.Map(c.execCall(), func() (int, error) {
		n, err := c.s.listener.AddLowest(c.n.ID, file, true)
		if err == nil && n >= seccomp.Zone {
			err = unix.ENFILE // its mmap would be notified again; it is closed by the next execve
		}
		return n, err
	}, exec.Options{
		Restart: func() error { return c.s.listener.Return(c.n.ID, 0, erestartsys) },
		Reaper:  &c.s.Wait,
	})
	if err == nil || errors.Is(err, exec.ErrGone) {
		return reply{done: true}
	}
	return c.result(err)
}
