// SPDX-License-Identifier: Apache-2.0

// Package vu is the Go binding to the virtual system calls of VUOS, and to the
// few real ones that its utilities need besides. The numbers and structures
// are those of [vuos.dev/engine/abi].
//
// Outside a view every virtual system call fails with ENOSYS. The methods of
// [System] have no state and may be used from any goroutine; errors are of
// type [unix.Errno] unless stated otherwise.
package vu

import "golang.org/x/sys/unix"

// System makes the calls for real.
type System struct{}

// cstring turns s into a C string. A NUL byte inside it is EINVAL.
func cstring(s string) (*byte, error) {
	return unix.BytePtrFromString(s)
}
