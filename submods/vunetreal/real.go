// SPDX-License-Identifier: Apache-2.0

// Package vunetreal is the vunet submodule of the kernel's own stack, the one that umvu runs in: sockets made
// in it are the kernel's.
//
//	vumount -t vunetreal none /dev/net/real
package vunetreal

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vunet"
)

// Submodule is the registration for [vunet.New].
var Submodule = vunet.Submodule{
	Name:        "real",
	Description: "the kernel's network stack",
	Mount: func(c engine.Call, _ engine.Host, r *engine.MountRequest) (engine.FileSystem, error) {
		return vunet.NewFileSystem(stack{vunet.NewInode(c)}, r.Data, nil), nil
	},
}

// stack hands socket(2) on to the kernel.
type stack struct{ vunet.Inode }

var _ engine.Stack = stack{}

// Families implements [engine.Stack].
func (stack) Families() []int {
	return []int{unix.AF_INET, unix.AF_INET6, unix.AF_NETLINK, unix.AF_PACKET}
}

// Socket implements [engine.Stack]. umvu may be allowed more than the guest: raw
// sockets are made only for who could make them.
func (stack) Socket(c engine.Call, domain, typ, protocol int) (engine.Socket, error) {
	raw := typ&0xf == unix.SOCK_RAW && domain != unix.AF_NETLINK || domain == unix.AF_PACKET
	if raw && !c.Cred().HasCap(unix.CAP_NET_RAW) {
		return nil, unix.EPERM
	}
	fd, err := unix.Socket(domain, typ|unix.SOCK_CLOEXEC, protocol)
	if err != nil {
		return nil, err
	}
	return &socket{fd}, nil
}
