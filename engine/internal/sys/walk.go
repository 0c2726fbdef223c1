// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"strings"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/fdesc"
	"vuos.dev/engine/internal/host"
	"vuos.dev/engine/internal/view"
)

// maxLinks is MAXSYMLINKS of the kernel (include/linux/namei.h).
const maxLinks = 40

// walker is one walk along a path in a view. The host's tree and the mounted file systems are walked
// alike: each gets as many names at once as there are up to the next "..", mount point or
// symbolic link.
type walker struct {
	c      *call
	table  *view.Table
	root   view.Pos
	start  view.Pos
	want   want
	native bool
	links  int

	mustDir bool // a link's text ended in a slash

	through *fdesc.Open // of the last link of /proc

	cur  view.Pos
	dir  view.Pos // directory of cur, if known
	name string
	rest []string
}

// walk resolves a path that is not empty.
func (c *call) walk(from start, path string, w want) (target, error) {
	if from.pos.IsZero() {
		return target{native: true}, nil
	}
	wk := walker{
		c: c, table: c.task().Mounts(), root: c.root(), start: from.pos, want: w,
		native: from.native && from.pos.Host(), cur: from.pos, rest: split(path),
	}
	slash := endsAsDir(path)
	if slash && w&entryOnly == 0 {
		wk.want |= follow
	}
	if w&inRoot != 0 {
		wk.root = from.pos
	}
	if path[0] == '/' {
		if w&beneath != 0 {
			return target{}, unix.EXDEV
		}
		wk.cur = wk.root
	}
	t, err := wk.run()
	t.slash = slash
	t.last = lastDots(path)
	if err == nil && (slash && w&entryOnly == 0 || wk.mustDir) && t.Node != nil && t.Node.Type() != unix.S_IFDIR && !t.native {
		err = unix.ENOTDIR
		if w&slashDir != 0 && strings.HasSuffix(path, "/") {
			err = unix.EISDIR // fs/namei.c:open_last_lookups()
		}
	}
	return t, err
}

// endsAsDir tells whether only a directory can be at the end of the path.
func endsAsDir(path string) bool {
	return strings.HasSuffix(path, "/") || strings.HasSuffix(path, "/.") || path == "."
}

// lastDots is "." or ".." if that is the last component of the path, and "" otherwise.
func lastDots(path string) string {
	if path = strings.TrimRight(path, "/"); path == "" {
		return ""
	}
	if b := view.Base(path); b == "." || b == ".." {
		return b
	}
	return ""
}

// split cuts a path into its components. Empty ones are no steps, nor is "." in front of a name: to look that up
// needs the permission to search the directory as well.
func split(path string) []string {
	var out []string
	for name := range strings.SplitSeq(path, "/") {
		if name == "" {
			continue
		}
		if n := len(out); n > 0 && out[n-1] == "." {
			out = out[:n-1]
		}
		out = append(out, name)
	}
	return out
}

func (w *walker) run() (target, error) {
	for len(w.rest) > 0 {
		if dots(w.rest[0]) {
			if err := w.dots(); err != nil {
				if w.native {
					return target{native: true}, nil
				}
				return target{}, err
			}
			continue
		}
		missing, err := w.down()
		if err != nil {
			if w.native {
				return target{native: true}, nil // the kernel finds the same error
			}
			return target{}, err
		}
		if missing {
			return target{dir: w.cur, name: w.rest[0], native: w.native && w.cur.Host()}, nil
		}
	}
	native := w.native && w.cur.Host()
	if native && w.cur.Node.Type() == unix.S_IFLNK {
		native = !w.virtualLink()
	}
	t := target{Pos: w.cur, dir: w.dir, name: w.name, native: native}
	if w.name == "" && w.through != nil && w.cur.Node == w.through.Node {
		t.through = w.through
	}
	return t, nil
}

// virtualLink tells whether the walk ended on a link of /proc to something virtual, which
// reads otherwise than the kernel thinks.
func (w *walker) virtualLink() bool {
	h, ok := w.cur.Node.(host.Node)
	if !ok {
		return false
	}
	l, ok := parseProcLink(h.Name())
	if ok {
		_, _, ok = w.c.procTarget(l)
	}
	return ok
}

// plain is how many of the next names can be walked at once, and the mount that the last of
// them is the mount point of.
func (w *walker) plain() (int, *view.Mount) {
	nested := w.table.HasBelow(w.cur.Path)
	p := w.cur.Path
	for i, name := range w.rest {
		if dots(name) {
			return i, nil
		}
		if nested {
			p = view.Join(p, name)
			if m := w.table.At(p); m != nil {
				return i + 1, m
			}
		}
	}
	return len(w.rest), nil
}

// down walks ahead in the current directory. missing means that only the last component is not
// there, and that this is allowed.
func (w *walker) down() (missing bool, err error) {
	n, m := w.plain()
	if m != nil && (n == 1 || w.cur.Host()) {
		// Mount points are canonical: there is no link on the way to them.
		return false, w.cross(n, m)
	}
	if m != nil {
		n--
	}
	if w.cur.Node.Type() != unix.S_IFDIR {
		return false, unix.ENOTDIR
	}
	walk, ok := w.cur.Node.(engine.NodeWalker)
	if !ok {
		return n == len(w.rest) && n == 1 && w.want&create != 0, unix.ENOENT
	}
	nodes, err := walk.Walk(w.c, w.rest[:n])
	if len(nodes) == 0 && err == nil {
		err = unix.ENOENT
	}
	w.advance(nodes)
	if len(nodes) > 0 && w.cur.Node.Type() == unix.S_IFLNK && (len(w.rest) > 0 || w.want&follow != 0) {
		return false, w.link()
	}
	if err != nil {
		if w.want&create != 0 && len(w.rest) == 1 && !dots(w.rest[0]) && isErrno(err, unix.ENOENT) && w.cur.Node.Type() == unix.S_IFDIR {
			return true, nil
		}
		return false, err
	}
	return false, nil
}

func isErrno(err error, want unix.Errno) bool {
	errno, _ := engine.Errno(err)
	return errno == want
}

// advance goes on to the last of the nodes found.
func (w *walker) advance(nodes []engine.Node) {
	for i, n := range nodes {
		w.dir, w.name = w.cur, w.rest[i]
		w.cur = w.cur.Child(w.rest[i], n)
	}
	w.rest = w.rest[len(nodes):]
}

// cross enters the mount m, n names ahead.
func (w *walker) cross(n int, m *view.Mount) error {
	if w.want&noCross != 0 {
		return unix.EXDEV
	}
	dirPath := view.Dir(m.Point())
	w.dir = w.cur
	if n > 1 {
		w.dir = view.Pos{Node: host.Dir(dirPath), Path: dirPath}
	}
	w.name = w.rest[n-1]
	w.cur = view.Pos{Mount: m, Node: m.Root, Path: m.Point()}
	w.rest = w.rest[n:]
	w.native = false
	if m.Root.Type() == unix.S_IFLNK && (len(w.rest) > 0 || w.want&follow != 0) {
		return w.link() // a link in /sys that a module adds
	}
	return nil
}

func dots(name string) bool { return name == "." || name == ".." }

// dots is a step by "." or "..", which is to search the directory (fs/namei.c:link_path_walk()).
func (w *walker) dots() error {
	if err := maySearch(w.c, target{Pos: w.cur}); err != nil {
		return err
	}
	up := w.rest[0] == ".."
	w.rest = w.rest[1:]
	if !up {
		return nil
	}
	return w.up()
}

// up is "..".
func (w *walker) up() error {
	w.dir, w.name = view.Pos{}, ""
	if w.want&beneath != 0 && w.c.same(w.cur, w.start) {
		return unix.EXDEV
	}
	if w.c.same(w.cur, w.root) {
		return nil
	}
	if m := w.cur.Mount; m != nil && w.cur.Path == m.Point() && w.want&noCross != 0 {
		return unix.EXDEV
	}
	p, err := w.c.parent(w.cur)
	if err != nil {
		return err
	}
	if p.Mount != w.cur.Mount {
		w.native = false
	}
	w.cur = p
	return nil
}

// posAt finds the position of a canonical path.
func (c *call) posAt(path string) (view.Pos, error) {
	m := c.task().Mounts().Covering(path)
	if m == nil {
		n, err := host.At(c, path)
		return view.Pos{Node: n, Path: path}, err
	}
	pos := view.Pos{Mount: m, Node: m.Root, Path: path}
	rel := split(strings.TrimPrefix(path, m.Point()))
	if len(rel) == 0 {
		return pos, nil
	}
	walk, ok := m.Root.(engine.NodeWalker)
	if !ok {
		return view.Pos{}, unix.ENOENT
	}
	nodes, err := walk.Walk(c, rel)
	if err == nil && len(nodes) != len(rel) {
		err = unix.ENOENT
	}
	if err != nil {
		return view.Pos{}, err
	}
	pos.Node = nodes[len(nodes)-1]
	return pos, nil
}

// link follows the symbolic link that the walk stands on.
func (w *walker) link() error {
	if w.want&noLinks != 0 {
		return unix.ELOOP
	}
	if w.links++; w.links > maxLinks {
		return unix.ELOOP
	}
	if h, ok := w.cur.Node.(host.Node); ok {
		if l, ok := parseProcLink(h.Name()); ok {
			return w.magic(h, l)
		}
	}
	rl, ok := w.cur.Node.(engine.NodeReadlinker)
	if !ok {
		return unix.EINVAL
	}
	text, err := rl.Readlink(w.c)
	if err != nil {
		return err
	}
	if text == "" {
		return unix.ENOENT
	}
	if endsAsDir(text) && len(w.rest) == 0 {
		w.want |= follow
		w.mustDir = true
	}
	w.rest = append(split(text), w.rest...)
	w.cur = w.dir
	if text[0] == '/' {
		if w.want&beneath != 0 {
			return unix.EXDEV
		}
		if !w.root.Host() {
			w.native = false
		}
		w.cur = w.root
	}
	w.dir, w.name = view.Pos{}, ""
	return nil
}
