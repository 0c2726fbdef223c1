// SPDX-License-Identifier: Apache-2.0

package vu

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine/abi"
)

// IfStack is the file type of a network stack in st_mode (S_IFSTACK).
const IfStack = 0o160000

// IsStack returns nil if path is a network stack.
//
// Errors: ENOTSUP if it is something else, and those of stat(2).
func (System) IsStack(path string) error {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return err
	}
	if st.Mode&unix.S_IFMT != IfStack {
		return unix.ENOTSUP
	}
	return nil
}

// SetDefaultStack makes stack the one that this process and its future
// descendants use for an address family, 0 for all.
func (System) SetDefaultStack(stack string, family int) error {
	p, err := cstring(stack)
	if err != nil {
		return err
	}
	_, err = msocket(p, family, abi.SockDefault, 0)
	return err
}

// Supports tells whether a stack has an address family: a stack that has it
// objects to the impossible socket type -1, not to the family.
func (System) Supports(stack string, family int) bool {
	p, err := cstring(stack)
	if err != nil {
		return false
	}
	fd, err := msocket(p, family, -1, 0)
	if err == nil {
		unix.Close(fd)
	}
	return err == nil || err == unix.EINVAL
}
