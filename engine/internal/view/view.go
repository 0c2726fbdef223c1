// SPDX-License-Identifier: Apache-2.0

package view

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// View is a name and a mount table.
type View struct {
	name  atomic.Pointer[string]
	mu    sync.Mutex // serializes changes
	ended bool
	table atomic.Pointer[Table]
}

// New makes a view with nothing mounted.
func New(name string) *View {
	v := &View{}
	v.SetName(name)
	v.table.Store(&Table{})
	return v
}

// Clone makes a view that starts with the mounts of v. What is mounted in one later is
// not seen in the other.
func (v *View) Clone(name string) *View {
	c := New(name)
	t := v.Mounts()
	for _, m := range t.list {
		m.views.Add(1)
	}
	c.table.Store(t)
	return c
}

// Name is the view's name, and SetName gives it another.
func (v *View) Name() string        { return *v.name.Load() }
func (v *View) SetName(name string) { v.name.Store(&name) }

// Mounts is the mount table as it is now.
func (v *View) Mounts() *Table { return v.table.Load() }

// Attach adds a mount at its point, on top of what is mounted there.
func (v *View) Attach(m *Mount) {
	v.mu.Lock()
	defer v.mu.Unlock()
	m.views.Add(1)
	if v.ended {
		m.drop()
		return
	}
	v.table.Store(newTable(append(slices.Clone(v.Mounts().list), m)))
}

// Detach removes the topmost mount at the point, and with lazy what is mounted below it.
// Errors: EINVAL if nothing is mounted there, EBUSY if it is in use and not lazy.
func (v *View) Detach(point string, lazy bool) (*Mount, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.Mounts()
	m := t.At(point)
	if m == nil {
		return nil, unix.EINVAL
	}
	below := func(n *Mount) bool { return n != m && Below(n.Point(), point) && n.ID > m.ID }
	if !lazy && (m.Busy() || slices.ContainsFunc(t.list, below)) {
		return nil, unix.EBUSY
	}
	var keep, gone []*Mount
	for _, n := range t.list {
		if n == m || below(n) {
			gone = append(gone, n)
		} else {
			keep = append(keep, n)
		}
	}
	v.table.Store(newTable(keep))
	for _, n := range gone {
		n.drop()
	}
	return m, nil
}

// drop ends the attachment to one view.
func (m *Mount) drop() {
	m.Get()
	m.views.Add(-1)
	m.detached.Store(true)
	m.Put()
}

// End empties the view, last mount first. What is attached later is detached at once.
func (v *View) End() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.ended = true
	list := v.Mounts().list
	v.table.Store(&Table{})
	for _, m := range slices.Backward(list) {
		m.drop()
	}
}

// Renamed moves the mounts below a host directory that a guest renamed.
func (v *View) Renamed(from, to string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	t := v.Mounts()
	changed := false
	for _, m := range t.list {
		if m.Point() != from && Below(m.Point(), from) {
			p := to + m.Point()[len(from):]
			m.point.Store(&p)
			changed = true
		}
	}
	if changed {
		v.table.Store(newTable(t.list))
	}
}

// Below tells whether the canonical path is dir or below it.
func Below(path, dir string) bool {
	if dir == "/" {
		return true
	}
	return strings.HasPrefix(path, dir) && (len(path) == len(dir) || path[len(dir)] == '/')
}
