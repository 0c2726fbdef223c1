// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/fdesc"
	"vuos.dev/engine/internal/view"
)

// dentry is the name by which an open file or a running program is known. As in the kernel (fs/d_path.c) it follows what
// is renamed and removed in the view, and not what others do on the same file system.
type dentry struct {
	dir  pos // none for what was found without a name
	name string
	gone bool // removed
}

// dentry is the name that the file has now.
func (o *openedAt) dentry() dentry {
	if d := o.now.Load(); d != nil {
		return *d
	}
	return dentry{dir: o.dir, name: o.name}
}

// is tells whether the file is known by this entry.
func (o *openedAt) is(t target) bool {
	d := o.dentry()
	return !d.gone && d.name == t.name && d.dir.Mount == t.dir.Mount && d.dir.Node == t.dir.Node
}

// named calls f for what is known by an entry of a directory.
func (c *call) named(t target, f func(*openedAt)) {
	if t.name == "" || t.dir.Mount == nil {
		return
	}
	if c.s.files.Live() > 0 {
		c.s.files.Each(func(o *fdesc.Open) {
			if at, ok := o.Owner.(*openedAt); ok && at.is(t) {
				f(at)
			}
		})
	}
	c.s.programs.each(func(at *openedAt) {
		if at.is(t) {
			f(at)
		}
	})
}

// nameGone follows the removal of an entry.
func (c *call) nameGone(t target) {
	c.named(t, func(o *openedAt) { o.now.Store(&dentry{dir: t.dir, name: t.name, gone: true}) })
}

// nameMoved follows a rename.
func (c *call) nameMoved(from, to target, flags uint) {
	var moved, back []*openedAt
	c.named(from, func(o *openedAt) { moved = append(moved, o) })
	if flags&unix.RENAME_EXCHANGE != 0 {
		c.named(to, func(o *openedAt) { back = append(back, o) })
	} else if from.Node != to.Node {
		c.nameGone(to)
	}
	for _, o := range moved {
		o.now.Store(&dentry{dir: to.dir, name: to.name})
	}
	for _, o := range back {
		o.now.Store(&dentry{dir: from.dir, name: from.name})
	}
}

// pathOf is the path of an open file or a running program as the kernel would show it.
func (c *call) pathOf(o *openedAt) string {
	d := o.dentry()
	if d.dir.IsZero() || o.pos.Node.Type() == unix.S_IFDIR || traced(o.pos) {
		return c.shown(o.pos)
	}
	path := view.Join(c.shown(d.dir), d.name)
	if d.gone {
		path += " (deleted)"
	}
	return path
}
