// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/guest"
	"vuos.dev/engine/internal/host"
	"vuos.dev/engine/internal/task"
	"vuos.dev/engine/internal/view"
)

// moduleView is a view as modules use it.
type moduleView struct {
	s *Supervisor
	v *view.View
}

var (
	_ engine.View       = moduleView{}
	_ engine.FileFinder = moduleView{}
)

// forModules is a view as modules see it: bare without nesting.
func (s *Supervisor) forModules(v *view.View) moduleView {
	if s.bare != nil {
		v = s.bare
	}
	return moduleView{s, v}
}

// Name implements engine.View.
func (m moduleView) Name() string { return m.v.Name() }

// inner is a walk for a module: a guest's call as it is, or umvu's own, which starts at the root.
func (m moduleView) inner(c engine.Call) *call {
	switch c := c.(type) {
	case *call:
		return m.nested(c)
	case *callAs:
		return m.nested(c.call)
	}
	in := newCall(m.s)
	in.n.PID = uint32(c.TID())
	in.state = &task.State{View: m.v, Cwd: view.Pos{Node: host.Root(), Path: "/"}}
	in.blocked = true
	return in
}

// nested is the call of a guest, in the view that modules may see.
func (m moduleView) nested(c *call) *call {
	if m.s.bare == nil {
		return c
	}
	st := *c.task()
	st.View = m.v
	in := newCall(m.s)
	in.n.PID, in.state, in.outer = c.n.PID, &st, c
	in.who, in.known, in.status = c.who, c.known, c.status
	return in
}

// Lookup implements engine.View.
func (m moduleView) Lookup(c engine.Call, path string, fol bool) (engine.Node, string, error) {
	w := want(0)
	if fol {
		w = follow
	}
	t, err := m.lookup(m.inner(c), path, w)
	if err != nil {
		return nil, "", err
	}
	return t.Node, t.Path, nil
}

// Bind implements engine.View.
func (m moduleView) Bind(c engine.Call, path string) (engine.BoundFileSystem, error) {
	in := m.inner(c)
	t, err := m.lookup(in, path, follow)
	if err != nil {
		return nil, err
	}
	at, err := in.hold(t.Pos)
	if err != nil {
		return nil, err
	}
	return newBound(at), nil
}

func (m moduleView) lookup(in *call, path string, w want) (target, error) {
	if path == "" {
		return target{}, unix.ENOENT
	}
	st, err := in.start(unix.AT_FDCWD, []byte(path))
	if err != nil {
		return target{}, err
	}
	if st.pos.IsZero() {
		return target{}, unix.ENOENT
	}
	st.native = false
	return in.walk(st, path, w)
}

// Open implements engine.View.
func (m moduleView) Open(c engine.Call, path string, flags int, mode uint32) (engine.Node, engine.File, error) {
	in := m.inner(c)
	w := follow
	if flags&unix.O_NOFOLLOW != 0 {
		w = 0
	}
	if flags&unix.O_CREAT != 0 {
		w |= create
	}
	t, err := m.lookup(in, path, w)
	if err != nil {
		return nil, nil, err
	}
	at, f, err := in.openTarget(t, flags, mode)
	return at.Node, f, err
}

// FileOf implements engine.FileFinder.
func (m moduleView) FileOf(c engine.Call, fd int) engine.File {
	if in := guestCall(c); in != nil {
		if o := in.file(fd); o != nil {
			return o.File
		}
	}
	return nil
}

// Descriptor implements engine.FileFinder.
func (m moduleView) Descriptor(c engine.Call, fd int) (int, error) {
	in := guestCall(c)
	if in == nil {
		return -1, unix.EBADF
	}
	return guest.Take(in.TID(), fd)
}

// guestCall is the guest's call that a module was given, or nil for one of umvu's own.
func guestCall(c engine.Call) *call {
	if as, ok := c.(*callAs); ok {
		c = as.call
	}
	in, _ := c.(*call)
	return in
}

// Tree implements engine.View.
func (m moduleView) Tree(engine.Call) engine.Node { return treeNode{m, view.Pos{Path: "/"}} }
