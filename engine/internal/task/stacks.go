// SPDX-License-Identifier: Apache-2.0

package task

import (
	"sync/atomic"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/internal/view"
)

// Families is how many address families can have a default stack.
const Families = 64

// Stacks are the default network stacks of a process by address family; where there is none the kernel's is used. It
// is immutable.
type Stacks struct {
	byFamily [Families]view.Pos
	files    []*view.Mount // of the stack for AF_INET, see engine.StackFiles
	seen     atomic.Pointer[seen]
}

// seen is what is mounted in a view for processes that have certain default stacks.
type seen struct{ base, table *view.Table }

// Of is where the default stack of an address family is mounted; zero: the kernel's.
func (s *Stacks) Of(family int) view.Pos {
	if s == nil || family < 0 || family >= Families {
		return view.Pos{}
	}
	return s.byFamily[family]
}

// With is s with another default for some families.
func (s *Stacks) With(at view.Pos, families []int) *Stacks {
	n := &Stacks{}
	if s != nil {
		n.byFamily = s.byFamily
	}
	for _, f := range families {
		if f >= 0 && f < Families {
			n.byFamily[f] = at
		}
	}
	if s != nil && n.byFamily == s.byFamily {
		return s
	}
	n.files = filesOf(n.byFamily[unix.AF_INET])
	return n
}

// filesOf are the mounts of a stack's own files.
func filesOf(at view.Pos) []*view.Mount {
	f, ok := at.Node.(engine.StackFiles)
	if !ok {
		return nil
	}
	proc, class := f.ProcNet(), f.SysClassNet()
	mount := func(fstype, point string, fs engine.FileSystem) *view.Mount {
		return view.NewMount(view.Info{Source: fstype, Type: fstype, FS: fs}, point, func(*view.Mount) {})
	}
	return []*view.Mount{
		mount("proc", "/proc/net", proc), mount("proc", "/proc/self/net", proc), mount("proc", "/proc/thread-self/net", proc),
		mount("proc", "/proc/sys/net", f.ProcSysNet()), mount("sysfs", "/sys/class/net", class),
	}
}

// Mounts is what is mounted for a process in a state.
func (s *State) Mounts() *view.Table {
	t := s.View.Mounts()
	if s.Stacks == nil || len(s.Stacks.files) == 0 {
		return t
	}
	if have := s.Stacks.seen.Load(); have != nil && have.base == t {
		return have.table
	}
	n := t.With(s.Stacks.files...)
	s.Stacks.seen.Store(&seen{t, n})
	return n
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
