// SPDX-License-Identifier: Apache-2.0

package view

import "slices"

// Table is what is mounted in a view at one time. It is immutable.
type Table struct {
	list []*Mount          // in the order of mounting
	top  map[string]*Mount // topmost mount at each point
	dirs map[string]bool   // directories that have a mount point below them
}

func newTable(list []*Mount) *Table {
	t := &Table{list: list, top: make(map[string]*Mount, len(list)), dirs: map[string]bool{}}
	for _, m := range list {
		t.top[m.Point()] = m
		for d := m.Point(); d != "/"; {
			d = Dir(d)
			t.dirs[d] = true
		}
	}
	return t
}

// With is t with more mounts on top.
func (t *Table) With(more ...*Mount) *Table { return newTable(append(slices.Clone(t.list), more...)) }

// Empty tells whether nothing is mounted.
func (t *Table) Empty() bool { return len(t.list) == 0 }

// All is all mounts in the order of mounting.
func (t *Table) All() []*Mount { return t.list }

// At is the topmost mount whose point is the canonical path, or nil.
func (t *Table) At(path string) *Mount { return t.top[path] }

// AtBytes is At without a string to be made.
func (t *Table) AtBytes(path []byte) *Mount { return t.top[string(path)] }

// HasBelow tells whether there is a mount point below the directory.
func (t *Table) HasBelow(dir string) bool { return t.dirs[dir] }

// Covering is the mount that the canonical path is on, or nil for the host.
func (t *Table) Covering(path string) *Mount {
	if t.Empty() {
		return nil
	}
	for p := path; ; p = Dir(p) {
		if m := t.top[p]; m != nil {
			return m
		}
		if p == "/" {
			return nil
		}
	}
}

// ChildPoints are the names of the mount points directly below the directory.
func (t *Table) ChildPoints(dir string) []*Mount {
	var out []*Mount
	if !t.dirs[dir] {
		return nil
	}
	for p, m := range t.top {
		if p != "/" && Dir(p) == dir {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b *Mount) int { return a.ID - b.ID })
	return out
}

// Dir is the directory of a canonical path; the root is its own.
func Dir(path string) string {
	for i := len(path) - 1; i > 0; i-- {
		if path[i] == '/' {
			return path[:i]
		}
	}
	return "/"
}

// Base is the last component of a canonical path.
func Base(path string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '/' {
			return path[i+1:]
		}
	}
	return path
}

// Join appends a component to a canonical path.
func Join(dir, name string) string {
	if dir == "/" {
		return "/" + name
	}
	return dir + "/" + name
}
