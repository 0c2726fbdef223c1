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
		return vunet.NewFileSystem(stack{vunet.NewInode(c)}, r.Data, nil), nil
	},
}

// stack is the stack that has nothing.
type stack struct{ vunet.Inode }

var _ engine.Stack = stack{}

// Socket implements [engine.Stack].
func (stack) Socket(engine.Call, int, int, int) (engine.Socket, error) {
	return nil, unix.EAFNOSUPPORT
}

// Families implements [engine.Stack]: every family, so that none is left to another
// stack when this one is made the default.
func (stack) Families() []int {
	all := make([]int, 0, unix.AF_MAX-1)
	for f := unix.AF_UNSPEC + 1; f < unix.AF_MAX; f++ {
		if f != unix.AF_UNIX {
			all = append(all, f)
		}
	}
	return all
}
