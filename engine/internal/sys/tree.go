// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/view"
)

// treeNode is a directory of a view as one tree, mounts included. What is no directory is the node of the
// file system it is on, so that it is the same file however it is reached. Without a node it is the root.
type treeNode struct {
	m  moduleView
	at view.Pos
}

var (
	_ engine.NodeWalker    = treeNode{}
	_ engine.NodeOpener    = treeNode{}
	_ engine.NodeCreater   = treeNode{}
	_ engine.NodeTmpfiler  = treeNode{}
	_ engine.NodeMkdirer   = treeNode{}
	_ engine.NodeMknoder   = treeNode{}
	_ engine.NodeSymlinker = treeNode{}
	_ engine.NodeLinker    = treeNode{}
	_ engine.NodeUnlinker  = treeNode{}
	_ engine.NodeRmdirer   = treeNode{}
	_ engine.NodeRenamer   = treeNode{}
	_ engine.NodeSetattrer = treeNode{}
	_ engine.NodeAccesser  = treeNode{}
	_ engine.NodeXattrer   = treeNode{}
	_ engine.NodeUnwrapper = treeNode{}
	_ engine.NodeHolder    = treeNode{}
	_ engine.NodeParenter  = treeNode{}
	_ engine.NodeUpper     = treeNode{}
)

// under is the directory itself. Where a mount has gone meanwhile, it is what is there instead.
func (t treeNode) under(c engine.Call) (*call, target, error) {
	in := t.m.inner(c)
	if t.at.Node != nil && (t.at.Mount == nil || !t.at.Mount.Detached()) {
		return in, target{Pos: t.at}, nil
	}
	p, err := in.posAt(t.at.Path)
	return in, target{Pos: p}, err
}

// writable is under for a change.
func (t treeNode) writable(c engine.Call) (target, error) {
	_, d, err := t.under(c)
	if err == nil && d.Mount != nil && d.Mount.ReadOnly() {
		err = unix.EROFS
	}
	return d, err
}

// wrap keeps directories in the tree.
func (t treeNode) wrap(p view.Pos) engine.Node {
	switch {
	case p.Node.Type() != unix.S_IFDIR:
		return p.Node
	case p.Path == "/":
		p = view.Pos{Path: "/"} // what is mounted there may change
	}
	return treeNode{t.m, p}
}

// Type implements engine.Node.
func (t treeNode) Type() uint32 { return unix.S_IFDIR }

// Hold implements engine.NodeHolder.
func (t treeNode) Hold(c engine.Call) (engine.Node, error) {
	h, ok := t.at.Node.(engine.NodeHolder)
	if !ok {
		return t, nil
	}
	var err error
	t.at.Node, err = h.Hold(c)
	return t, err
}

// Parent implements engine.NodeParenter.
func (t treeNode) Parent(c engine.Call) (engine.Node, string, error) {
	in, d, err := t.under(c)
	if err != nil {
		return nil, "", err
	}
	path, err := in.currentPath(d.Pos)
	if err == unix.ENAMETOOLONG {
		path, err = d.Path, nil
	}
	if err != nil || path == "/" {
		return t.wrap(d.Pos), "", err
	}
	up, err := in.parent(d.Pos)
	if err != nil {
		return nil, "", err
	}
	return t.wrap(up), view.Base(path), nil
}

// Up implements engine.NodeUpper.
func (t treeNode) Up(c engine.Call) (engine.Node, error) {
	in, d, err := t.under(c)
	if err != nil {
		return nil, err
	}
	up, err := in.parent(d.Pos)
	if err != nil {
		return nil, err
	}
	return t.wrap(up), nil
}

// Unwrap implements engine.NodeUnwrapper.
func (t treeNode) Unwrap(c engine.Call) (engine.Node, error) {
	_, d, err := t.under(c)
	return d.Node, err
}

// Stat implements engine.Node.
func (t treeNode) Stat(c engine.Call, st *unix.Statx_t) error {
	_, d, err := t.under(c)
	if err != nil {
		return err
	}
	return d.Node.Stat(c, st)
}

// Walk implements engine.NodeWalker.
func (t treeNode) Walk(c engine.Call, names []string) ([]engine.Node, error) {
	in := t.m.inner(c)
	w := walker{c: in, table: t.m.v.Mounts()}
	_, cur, err := t.under(c)
	if err != nil {
		return nil, err
	}
	w.cur, w.root, w.start, w.rest = cur.Pos, in.root(), cur.Pos, names
	var out []engine.Node
	for len(w.rest) > 0 {
		done := len(names) - len(w.rest)
		n, m := w.plain()
		if m != nil && n > 1 {
			n--
		} else if m != nil {
			if err := w.cross(1, m); err != nil {
				return out, err
			}
			out = append(out, t.wrap(w.cur))
			continue
		}
		walk, ok := w.cur.Node.(engine.NodeWalker)
		if !ok || w.cur.Node.Type() != unix.S_IFDIR {
			return out, unix.ENOTDIR
		}
		nodes, err := walk.Walk(c, names[done:done+n])
		for i, node := range nodes {
			w.cur = w.cur.Child(names[done+i], node)
			out = append(out, t.wrap(w.cur))
		}
		if err != nil || len(nodes) < n {
			return out, err
		}
		w.rest = names[done+n:]
	}
	return out, nil
}

// Open implements engine.NodeOpener.
func (t treeNode) Open(c engine.Call, flags int) (engine.File, error) {
	_, d, err := t.under(c)
	if err != nil {
		return nil, err
	}
	op, ok := d.Node.(engine.NodeOpener)
	if !ok {
		return nil, unix.EACCES
	}
	return op.Open(c, flags)
}

// Create implements engine.NodeCreater.
func (t treeNode) Create(c engine.Call, name string, flags int, mode uint32) (engine.Node, engine.File, error) {
	d, err := t.writable(c)
	if err != nil {
		return nil, nil, err
	}
	cr, ok := d.Node.(engine.NodeCreater)
	if !ok {
		return nil, nil, unix.EROFS
	}
	return cr.Create(c, name, flags, mode)
}

// Tmpfile implements engine.NodeTmpfiler.
func (t treeNode) Tmpfile(c engine.Call, flags int, mode uint32) (engine.Node, engine.File, error) {
	d, err := t.writable(c)
	if err != nil {
		return nil, nil, err
	}
	tm, ok := d.Node.(engine.NodeTmpfiler)
	if !ok {
		return nil, nil, unix.EOPNOTSUPP
	}
	return tm.Tmpfile(c, flags, mode)
}

// entry makes an entry with do and keeps it in the tree.
func entryIn[I any](t treeNode, c engine.Call, name string, do func(I) (engine.Node, error)) (engine.Node, error) {
	d, err := t.writable(c)
	if err != nil {
		return nil, err
	}
	i, ok := d.Node.(I)
	if !ok {
		return nil, unix.EROFS
	}
	n, err := do(i)
	if err != nil {
		return nil, err
	}
	return t.wrap(d.Child(name, n)), nil
}

// Mkdir implements engine.NodeMkdirer.
func (t treeNode) Mkdir(c engine.Call, name string, mode uint32) (engine.Node, error) {
	return entryIn(t, c, name, func(d engine.NodeMkdirer) (engine.Node, error) { return d.Mkdir(c, name, mode) })
}

// Mknod implements engine.NodeMknoder.
func (t treeNode) Mknod(c engine.Call, name string, mode uint32, rdev uint64) (engine.Node, error) {
	return entryIn(t, c, name, func(d engine.NodeMknoder) (engine.Node, error) { return d.Mknod(c, name, mode, rdev) })
}

// Symlink implements engine.NodeSymlinker.
func (t treeNode) Symlink(c engine.Call, name, to string) (engine.Node, error) {
	return entryIn(t, c, name, func(d engine.NodeSymlinker) (engine.Node, error) { return d.Symlink(c, name, to) })
}

// change does something to the directory itself or to an entry.
func change[I any](t treeNode, c engine.Call, missing unix.Errno, do func(I) error) error {
	d, err := t.writable(c)
	if err != nil {
		return err
	}
	i, ok := d.Node.(I)
	if !ok {
		return missing
	}
	return do(i)
}

// Link implements engine.NodeLinker.
func (t treeNode) Link(c engine.Call, n engine.Node, name string) error {
	return change(t, c, unix.EPERM, func(d engine.NodeLinker) error { return d.Link(c, n, name) })
}

// Unlink implements engine.NodeUnlinker.
func (t treeNode) Unlink(c engine.Call, name string) error {
	return change(t, c, unix.EROFS, func(d engine.NodeUnlinker) error { return d.Unlink(c, name) })
}

// Rmdir implements engine.NodeRmdirer.
func (t treeNode) Rmdir(c engine.Call, name string) error {
	return change(t, c, unix.EROFS, func(d engine.NodeRmdirer) error { return d.Rmdir(c, name) })
}

// Rename implements engine.NodeRenamer.
func (t treeNode) Rename(c engine.Call, name string, dir engine.Node, newName string, flags uint) error {
	to, ok := dir.(treeNode)
	if !ok {
		return unix.EXDEV
	}
	nd, err := to.writable(c)
	if err != nil {
		return err
	}
	d, err := t.writable(c)
	if err != nil {
		return err
	}
	if d.Mount != nd.Mount {
		return unix.EXDEV
	}
	r, ok := d.Node.(engine.NodeRenamer)
	if !ok {
		return unix.EROFS
	}
	return r.Rename(c, name, nd.Node, newName, flags)
}

// Setattr implements engine.NodeSetattrer.
func (t treeNode) Setattr(c engine.Call, a *engine.SetAttr) error {
	return change(t, c, unix.EROFS, func(n engine.NodeSetattrer) error { return n.Setattr(c, a) })
}

// Access implements engine.NodeAccesser.
func (t treeNode) Access(c engine.Call, mask uint32) error {
	_, d, err := t.under(c)
	if err != nil {
		return err
	}
	return mayAccess(c, d, mask)
}

// xattrs is the directory's own, or nil.
func (t treeNode) xattrs(c engine.Call) (engine.NodeXattrer, error) {
	_, d, err := t.under(c)
	if err != nil {
		return nil, err
	}
	x, ok := d.Node.(engine.NodeXattrer)
	if !ok {
		return nil, unix.EOPNOTSUPP
	}
	return x, nil
}

// Getxattr implements engine.NodeXattrer.
func (t treeNode) Getxattr(c engine.Call, name string) ([]byte, error) {
	x, err := t.xattrs(c)
	if err != nil {
		return nil, err
	}
	return x.Getxattr(c, name)
}

// Setxattr implements engine.NodeXattrer.
func (t treeNode) Setxattr(c engine.Call, name string, value []byte, flags int) error {
	return change(t, c, unix.EOPNOTSUPP, func(x engine.NodeXattrer) error { return x.Setxattr(c, name, value, flags) })
}

// Listxattr implements engine.NodeXattrer.
func (t treeNode) Listxattr(c engine.Call) ([]string, error) {
	x, err := t.xattrs(c)
	if err != nil {
		return nil, err
	}
	return x.Listxattr(c)
}

// Removexattr implements engine.NodeXattrer.
func (t treeNode) Removexattr(c engine.Call, name string) error {
	return change(t, c, unix.EOPNOTSUPP, func(x engine.NodeXattrer) error { return x.Removexattr(c, name) })
}
