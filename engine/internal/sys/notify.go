// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/fdesc"
	"vuos.dev/engine/internal/host"
	"vuos.dev/engine/internal/view"
	"vuos.dev/engine/internal/watch"
)

// What guests do to virtual inodes is told to those that watch them, see package watch. On the host's own
// inodes the kernel sees it itself.

// watcher is an inode that can be watched by itself: one of the host's.
type watcher interface {
	Watch(c engine.Call, fd int, mask uint32) (wd int, err error)
}

var _ watcher = host.Node{}

// origin is the inode that n shows, however many binds there are in between.
func (c *call) origin(n engine.Node) (engine.Node, error) {
	for {
		u, ok := n.(engine.NodeUnwrapper)
		if !ok {
			return n, nil
		}
		var err error
		if n, err = u.Unwrap(c); err != nil {
			return nil, err
		}
	}
}

// place is what package watch knows an entry by.
func (c *call) place(dir pos, name string, n engine.Node) (p watch.Place) {
	p.Name = name
	var err error
	if n != nil {
		if p.Node, err = c.origin(n); err != nil {
			return watch.Place{}
		}
	}
	if !dir.IsZero() {
		if p.Dir, err = c.origin(dir.Node); err != nil {
			return watch.Place{}
		}
	}
	return p
}

// happened reports an event of what a walk found.
func (c *call) happened(t target, e watch.Event) {
	switch {
	case c.s.watches.Empty():
	case t.file != nil:
		openedOf(t.file).watched.Load().Happened(e)
	default:
		c.s.watches.Happened(c.place(t.dir, t.name, t.Node), e)
	}
}

// transferred reports that n bytes of an open file were read or written.
func (c *call) transferred(f *fdesc.Open, n int, write bool) {
	if n <= 0 || c.s.watches.Empty() {
		return
	}
	e := watch.Access
	if write {
		e = watch.Modify
	}
	openedOf(f).watched.Load().Happened(e)
}

// created reports that a call has made the entry of a directory that a walk did not find.
func (c *call) created(t target, n engine.Node) {
	if n != nil && !c.s.watches.Empty() {
		c.s.watches.Created(c.place(t.dir, t.name, n))
	}
}

// removed reports that an entry is gone.
func (c *call) removed(t target) {
	if !c.s.watches.Empty() {
		p := c.place(t.dir, t.name, t.Node)
		c.s.watches.Removed(p, c.hasNames(p.Node))
	}
}

// hasNames tells whether a watched inode, of which a name is gone, has others.
func (c *call) hasNames(n engine.Node) bool {
	if n == nil || n.Type() == unix.S_IFDIR || !c.s.watches.Watched(n) {
		return false
	}
	var st unix.Statx_t
	return n.Stat(c, &st) == nil && st.Nlink > 0
}

// renamed reports a rename.
func (c *call) renamed(o, n target, flags uint) {
	if c.s.watches.Empty() {
		return
	}
	r := watch.Rename{
		From: c.place(o.dir, o.name, o.Node), To: c.place(n.dir, n.name, n.Node),
		Exchange: flags&unix.RENAME_EXCHANGE != 0,
		ToDir: func() (any, []watch.Step) {
			steps, err := c.steps(n.dir)
			if err != nil {
				return nil, nil
			}
			return n.dir.Mount, steps
		},
	}
	r.Left = c.hasNames(r.To.Node)
	c.s.watches.Renamed(r)
}

// steps are the inodes from the root of the mount to p.
func (c *call) steps(p pos) ([]watch.Step, error) {
	root, err := c.origin(p.Mount.Root)
	if err != nil {
		return nil, err
	}
	out := []watch.Step{{Node: root}}
	names := split(p.Path[len(p.Mount.Point()):])
	if p.Mount.Point() == "/" {
		names = split(p.Path)
	}
	if len(names) == 0 {
		return out, nil
	}
	w, ok := p.Mount.Root.(engine.NodeWalker)
	if !ok {
		return nil, unix.ENOENT
	}
	nodes, err := w.Walk(c, names)
	if err == nil && len(nodes) != len(names) {
		err = unix.ENOENT
	}
	if err != nil {
		return nil, err
	}
	for i, n := range nodes {
		if n, err = c.origin(n); err != nil {
			return nil, err
		}
		out = append(out, watch.Step{Name: names[i], Node: n})
	}
	return out, nil
}

// opened reports the open of a file, of which o is kept.
func (c *call) opened(o *openedAt, f engine.File, flags int, made bool) {
	if f == nil || c.s.watches.Empty() {
		return
	}
	p := c.place(o.dir, o.name, o.pos.Node)
	if made && p.Dir != nil {
		c.s.watches.Created(p)
	}
	h := c.s.watches.Open(p, flags)
	o.watched.Store(h)
	if flags&unix.O_TRUNC != 0 && !made {
		h.Happened(watch.Modify)
	}
}

// inView is where a node is that is known by a path in the view: below binds of whole trees, in the mount that it
// is of.
func (c *call) inView(p pos) (pos, error) {
	for {
		t, ok := p.Node.(treeNode)
		if !ok {
			return p, nil
		}
		_, d, err := t.under(c)
		if err != nil {
			return view.Pos{}, err
		}
		p = d.Pos
	}
}
