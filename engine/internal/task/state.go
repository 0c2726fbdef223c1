// SPDX-License-Identifier: Apache-2.0

// Package task keeps the state of processes that the kernel does not carry for us.
//
// A state is immutable and has a number. The number of a process's state is in the soft
// RLIMIT_LOCKS of the process, which Linux stores and inherits over fork,
// vfork, clone and exec but has not used since 2.4.25. So neither fork nor exit has to be
// trapped, and no table of processes can drift from the truth. Guests see the limit that umvu was started with.
package task

import (
	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/view"
)

// RlimitLocks is RLIMIT_LOCKS, which golang.org/x/sys does not name.
const RlimitLocks = 10

// State is what a process inherits. Two equal states are one.
type State struct {
	View *view.View
	Cwd  view.Pos // zero: the kernel's own working directory
	Root view.Pos // zero: the kernel's own root

	Stacks *Stacks // default network stacks; nil: the kernel's for all families

	NoNewPrivs bool        // set by the guest itself
	Undumpable bool        // as the guest believes
	Locks      unix.Rlimit // RLIMIT_LOCKS as the guest sees it
	Service    bool        // a server that a module started
}

// Plain tells whether the paths of a process start where the kernel thinks they do.
func (s *State) Plain() bool { return s.Cwd.IsZero() && s.Root.IsZero() }
