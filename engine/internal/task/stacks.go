// SPDX-License-Identifier: Apache-2.0

package task

import "vuos.dev/engine/internal/view"

// Families is how many address families can have a default stack.
const Families = 64

// Stacks are the default network stacks of a process by address family; where there is none the kernel's is used. It
// is immutable.
type Stacks struct {
	byFamily [Families]view.Pos
}

// Of is where the default stack of an address family is mounted; zero: the kernel's.
func (s *Stacks) Of(family int) view.Pos {
	if s == nil || family < 0 || family >= Families {
		return view.Pos{}
	}
	return s.byFamily[family]
}

// With is s with another default for some families.
func (s *Stacks) With(at view.Pos, families []int) *Stacks {
	var n Stacks
	if s != nil {
		n = *s
	}
	for _, f := range families {
		if f >= 0 && f < Families {
			n.byFamily[f] = at
		}
	}
	if s != nil && n == *s {
		return s
	}
	return &n
}

// Uses tells whether a stack of a mount is among them.
func (s *Stacks) Uses(m *view.Mount) bool {
	if s == nil {
		return false
	}
	for i := range s.byFamily {
		if s.byFamily[i].Mount == m {
			return true
		}
	}
	return false
}
