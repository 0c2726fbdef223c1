// SPDX-License-Identifier: Apache-2.0

package view

import "vuos.dev/engine"

// Pos is a place in the tree of a view: an inode and how it was reached. Mount is nil
// for what is not below any mount point, and Path is canonical: absolute in the view, without
// symbolic links, "." and "..".
type Pos struct {
	Mount *Mount
	Node  engine.Node
	Path  string
}

// IsZero tells whether the position is none.
func (p Pos) IsZero() bool { return p.Node == nil }

// Host tells whether the position is the kernel's own, and not below a mount point.
func (p Pos) Host() bool { return p.Mount == nil }

// Child is the position of an entry of this directory.
func (p Pos) Child(name string, n engine.Node) Pos {
	return Pos{Mount: p.Mount, Node: n, Path: Join(p.Path, name)}
}
