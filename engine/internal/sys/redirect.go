// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"encoding/binary"
	"errors"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/exec"
)

// A guest connects and sends to a virtual path itself, with the private path in the place of the virtual one: the other
// side is told who did it, and waiting and signals are the kernel's affair. The call comes back with a mark in the upper half of its
// descriptor, which the kernel does not look at.

const upperHalf uint64 = 0xffffffff << 32

// toPrivate has the guest make its call, which is about a private path, once more. build is called with the address of
// memory of at most size bytes in the guest, and returns what is to stand there and the call's arguments. If the guest cannot be
// made to, or does not see the path where it is, otherwise does the call.
func (c *call) toPrivate(private string, size int, build func(base uint64) ([]byte, [6]uint64), otherwise func() reply) reply {
	c.Block()
	if !c.sees(private) {
		return otherwise()
	}
	send := func(errno unix.Errno) error { return c.s.listener.Return(c.n.ID, 0, errno) }
	w := &rewritten{release: func() {}}
	err := exec.Redirect(c.execCall(), size, func(base uint64) ([]byte, [6]uint64) {
		image, args := build(base)
		args[0] = args[0]&^upperHalf | c.s.token&upperHalf
		return image, args
	}, exec.Options{
		Restart: func() error { return send(erestartsys) },
		Ready: func(p *exec.Pending) {
			w.p = p
			c.s.rewrites.put(w)
		},
		Reaper: &c.s.Wait,
	})
	var answered *exec.Answered
	switch {
	case err == nil, errors.As(err, &answered):
		return reply{done: true}
	case errors.Is(err, exec.ErrGone):
		c.s.rewrites.drop(c.TID(), w)
		return reply{done: true}
	}
	return otherwise()
}

// sees tells whether the guest's kernel finds at a path what umvu's does.
func (c *call) sees(path string) bool {
	root := c.RootFD()
	if root == unix.AT_FDCWD {
		return true
	}
	var own, its unix.Stat_t
	return unix.Lstat(path, &own) == nil && unix.Fstatat(root, path[1:], &its, unix.AT_SYMLINK_NOFOLLOW) == nil &&
		own.Dev == its.Dev && own.Ino == its.Ino
}

// redirected tells whether the call is one that comes back.
func (c *call) redirected() bool {
	if c.n.Args[0]&upperHalf != c.s.token&upperHalf {
		return false
	}
	c.s.rewrites.arm(c.TID())
	return true
}

// unixAddress is a struct sockaddr_un of a path.
func unixAddress(path string) []byte {
	b := binary.NativeEndian.AppendUint16(nil, unix.AF_UNIX)
	return append(append(b, path...), 0)
}
