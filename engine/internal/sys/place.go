// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/host"
	"vuos.dev/engine/internal/view"
)

// hold makes a position that was found by a path the inode itself, which it stays whatever becomes of its name.
func (c *call) hold(p pos) (pos, error) {
	h, ok := p.Node.(engine.NodeHolder)
	if !ok {
		return p, nil
	}
	n, err := h.Hold(c)
	if err != nil {
		return pos{}, err
	}
	p.Node = n
	return p, nil
}

// same tells whether two positions are the same directory, however they were found.
func (c *call) same(a, b pos) bool {
	switch {
	case a.Mount != b.Mount || (a.Path == "/") != (b.Path == "/"):
		return false
	case a.Node == b.Node:
		return true
	}
	n, err := c.held(a.Node)
	if err != nil {
		return false
	}
	m, err := c.held(b.Node)
	return err == nil && n == m
}

// held is the inode that n shows, held.
func (c *call) held(n engine.Node) (engine.Node, error) {
	n, err := c.origin(n)
	if err != nil {
		return nil, err
	}
	if h, ok := n.(engine.NodeHolder); ok {
		return h.Hold(c)
	}
	return n, nil
}

// parent is the directory that a directory is in.
func (c *call) parent(p pos) (pos, error) {
	if p.Path == "/" {
		return p, nil
	}
	if p.Mount == nil {
		return c.parentOnHost(p)
	}
	point := p.Mount.Point()
	np, ok := p.Node.(engine.NodeParenter)
	if !ok || p.Path == point || p.Node == p.Mount.Root {
		up := point
		if p.Path != point && p.Node != p.Mount.Root {
			up = p.Path
		}
		return c.posAt(view.Dir(up))
	}
	dir, name, err := np.Parent(c)
	if u, ok := p.Node.(engine.NodeUpper); ok && isErrno(err, unix.ENOENT) {
		dir, err = u.Up(c) // it was removed
		name = view.Base(p.Path)
	}
	if err != nil {
		return pos{}, err
	}
	if name == "" {
		return c.posAt(view.Dir(p.Path))
	}
	up := pos{Mount: p.Mount, Node: dir, Path: view.Dir(p.Path)}
	// It may have been renamed, and even be outside of what is mounted (fs/namei.c:path_connected()).
	return c.atCurrentPath(up)
}

// atCurrentPath is p with its path as it is now, unless that is too long to be told.
func (c *call) atCurrentPath(p pos) (pos, error) {
	path, err := c.currentPath(p)
	switch err {
	case nil:
		p.Path = path
	case unix.ENAMETOOLONG:
		err = nil
	}
	return p, err
}

// parentOnHost is parent for what is below no mount point.
func (c *call) parentOnHost(p pos) (pos, error) {
	h, ok := p.Node.(host.Node)
	if !ok || !h.Held() {
		return c.posAt(view.Dir(p.Path))
	}
	n, err := h.Up(c)
	if err != nil {
		return pos{}, err
	}
	return c.atCurrentPath(pos{Node: n, Path: view.Dir(p.Path)})
}

// currentPath is the path of a directory as it is now: it may have been renamed since it was
// found. ENOENT if it was removed, or is no longer below what is mounted.
func (c *call) currentPath(p pos) (string, error) {
	if p.Mount == nil {
		if h, ok := p.Node.(host.Node); ok {
			return h.Current()
		}
		return p.Path, nil
	}
	if p.Node == p.Mount.Root {
		return p.Mount.Point(), nil
	}
	tail, known, err := c.tail(p)
	if err != nil {
		return "", err
	}
	if !known {
		return p.Path, nil
	}
	if point := p.Mount.Point(); point != "/" || tail == "" {
		return point + tail, nil
	}
	return tail, nil
}

// tail is the path of a directory of a mount from its root, beginning with a slash. It is not known where the file
// system has no NodeParenter.
func (c *call) tail(p pos) (tail string, known bool, err error) {
	if path, ok, err := c.source(p.Node); ok {
		if err != nil {
			return "", true, err
		}
		root, ok, err := c.source(p.Mount.Root)
		switch {
		case !ok || err != nil:
			return "", ok, err
		case !view.Below(path, root):
			return "", true, unix.ENOENT
		case root == "/":
			root = ""
		}
		return path[len(root):], true, nil
	}
	for n := p.Node; n != p.Mount.Root; {
		np, ok := n.(engine.NodeParenter)
		if !ok {
			return "", false, nil
		}
		dir, name, err := np.Parent(c)
		if err != nil {
			return "", true, err
		}
		if name == "" {
			break
		}
		tail = "/" + name + tail
		n = dir
	}
	return tail, true, nil
}

// source is the path of an inode as it is now in the tree that it is from: the host's, or a whole view's. ok is
// false for those of other file systems.
func (c *call) source(n engine.Node) (path string, ok bool, err error) {
	for {
		switch t := n.(type) {
		case host.Node:
			path, err = t.Current()
			return path, true, err
		case treeNode:
			in, d, err := t.under(c)
			if err == nil {
				path, err = in.currentPath(d.Pos)
			}
			return path, true, err
		case engine.NodeUnwrapper:
			if n, err = t.Unwrap(c); err != nil {
				return "", true, err
			}
		default:
			return "", false, nil
		}
	}
}

// traced tells whether the kernel knows where a file is now: one of the host's that is held. In a tree of the whole view there
// may be several ways to it.
func traced(p pos) bool {
	if p.Mount != nil {
		if _, tree := p.Mount.Root.(treeNode); tree {
			return false
		}
	}
	h, ok := p.Node.(host.Node)
	return ok && h.Held()
}

// truePath is currentPath where it is known, with the kernel's mark for what was removed.
func (c *call) truePath(p pos) string {
	if p.Node.Type() != unix.S_IFDIR && !traced(p) {
		return p.Path
	}
	path, err := c.currentPath(p)
	if err == nil {
		return path
	}
	if up, err := c.parent(p); err == nil {
		return view.Join(up.Path, view.Base(p.Path)) + " (deleted)"
	}
	return p.Path + " (deleted)"
}
