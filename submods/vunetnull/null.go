// SPDX-License-Identifier: Apache-2.0

// Package vunetnull is the vunet submodule of a stack without any address family: no socket can be
// made in it.
//
//	vumount -t vunetnull none /dev/net/null
package vunetnull

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vunet"
)

// Submodule is the registration for [vunet.New].
var Submodule = vunet.Submodule{
	Name:        "null",
	Description: "no network",
	Mount: func(c engine.Call, _ engine.Host, r *engine.MountRequest) (engine.FileSystem, error) {
		cr := c.Cred()
		return vunet.NewFileSystem(&stack{uid: cr.EUID, gid: cr.EGID}, r.Data, nil), nil
	},
}

// stack is the stack that has nothing.
type stack struct{ uid, gid uint32 }

var _ engine.Stack = (*stack)(nil)

// Type implements [engine.Node].
func (*stack) Type() uint32 { return engine.SIFSTACK }

// Stat implements [engine.Node].
func (s *stack) Stat(_ engine.Call, st *unix.Statx_t) error {
	*st = unix.Statx_t{
		Mask: unix.STATX_BASIC_STATS, Blksize: 4096, Nlink: 1, Ino: 1,
		Uid: s.uid, Gid: s.gid, Mode: engine.SIFSTACK | 0o777,
	}
	return nil
}

// Socket implements [engine.Stack].
func (*stack) Socket(engine.Call, int, int, int) (engine.Socket, error) {
	return nil, unix.EAFNOSUPPORT
}

// Families implements [engine.Stack]: every family, so that none is left to another
// stack when this one is made the default.
func (*stack) Families() []int {
	all := make([]int, 0, unix.AF_MAX-1)
	for f := unix.AF_UNSPEC + 1; f < unix.AF_MAX; f++ {
		if f != unix.AF_UNIX {
			all = append(all, f)
		}
	}
	return all
}
