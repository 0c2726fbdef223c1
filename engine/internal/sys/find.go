// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"bytes"
	"strings"
	"sync/atomic"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/fdesc"
	"vuos.dev/engine/internal/guest"
	"vuos.dev/engine/internal/host"
	"vuos.dev/engine/internal/view"
	"vuos.dev/engine/internal/watch"
)

// want says how a path is to be walked.
type want uint16

const (
	follow    want = 1 << iota // a symbolic link at the end is followed
	emptyOK                    // the empty path is the directory itself (AT_EMPTY_PATH)
	create                     // the last component may be missing
	procEnd                    // what a link of /proc at the end is matters, even if it is the kernel's
	beneath                    // RESOLVE_BENEATH
	inRoot                     // RESOLVE_IN_ROOT
	noLinks                    // RESOLVE_NO_SYMLINKS
	noCross                    // RESOLVE_NO_XDEV
	noMagic                    // RESOLVE_NO_MAGICLINKS
	slashDir                   // open(2) with O_CREAT: EISDIR for what ends in a slash and is no directory
	checkOnly                  // AT_EXECVE_CHECK
	entryOnly                  // the entry itself is meant: a slash behind it does not follow a link
)

// target is what a path or descriptor names in the view.
type target struct {
	view.Pos             // Node is nil if the last component is missing
	dir      view.Pos    // the directory it is in; none for a descriptor, "/" and ".."
	name     string      // its name there
	slash    bool        // the path ended in a slash
	last     string      // "." or ".." if the path ended so
	native   bool        // the kernel would find the same
	file     *fdesc.Open // the open file, if a descriptor named it
	through  *fdesc.Open // the open file, if a link of /proc at the end of the path did
}

// openedAt is what the engine keeps with an open file: where it was opened.
type openedAt struct {
	pos     view.Pos
	dir     view.Pos // the directory it was found in, if any
	name    string
	now     atomic.Pointer[dentry] // the name it has now; nil: dir and name
	watched atomic.Pointer[watch.Handle]
}

func openedOf(o *fdesc.Open) *openedAt { return o.Owner.(*openedAt) }

func posOf(o *fdesc.Open) view.Pos { return openedOf(o).pos }

// find resolves the path at addr, relative to dirfd. The reply counts if done is set: the
// kernel is to do the call, or it fails.
func (c *call) find(dirfd int, addr uint64, w want) (t target, r reply, done bool) {
	return c.findIn(c.path[:], dirfd, addr, w)
}

// find2 is find for the second path of a call.
func (c *call) find2(dirfd int, addr uint64, w want) (t target, r reply, done bool) {
	return c.findIn(c.path2[:], dirfd, addr, w)
}

func (c *call) findIn(buf []byte, dirfd int, addr uint64, w want) (t target, r reply, done bool) {
	switch {
	case c.s.pristine() && w&procEnd == 0:
		return t, native, true
	case addr == 0 && w&emptyOK != 0:
		return c.findRead(buf[:0], dirfd, w) // a NULL path with AT_EMPTY_PATH, Linux 6.11
	}
	p, err := c.mem().String(buf, addr)
	if err != nil {
		return t, native, true // the kernel knows why
	}
	return c.findRead(p, dirfd, w)
}

// findRead is find for a path that was read already.
func (c *call) findRead(path []byte, dirfd int, w want) (t target, r reply, done bool) {
	if c.s.pristine() && w&procEnd == 0 {
		return t, native, true
	}
	t, err := c.findPath(dirfd, path, w)
	if err != nil {
		return t, c.result(err), true
	}
	return t, native, t.native
}

// findPath is what findRead asks where something may be virtual.
func (c *call) findPath(dirfd int, path []byte, w want) (target, error) {
	if len(path) == 0 {
		return c.findEmpty(dirfd, w)
	}
	st := c.task()
	t := st.Mounts()
	if t.Empty() && st.Plain() && c.s.files.Live() == 0 && w&procEnd == 0 {
		return target{native: true}, nil
	}
	start, err := c.startOf(dirfd, path, w)
	if err != nil {
		return target{}, err
	}
	if start.native && start.pos.Host() && w&(procEnd|beneath|inRoot|noLinks|noCross|noMagic) == 0 &&
		c.straight(t, start.pos.Path, path, w) {
		return target{native: true}, nil
	}
	return c.walk(start, string(path), w)
}

// findEmpty is AT_EMPTY_PATH.
func (c *call) findEmpty(dirfd int, w want) (target, error) {
	if w&emptyOK == 0 {
		return target{}, unix.ENOENT
	}
	if dirfd == unix.AT_FDCWD {
		if cwd := c.task().Cwd; !cwd.IsZero() {
			return target{Pos: cwd}, nil
		}
		return target{native: true}, nil
	}
	return c.findFD(dirfd), nil
}

// findFD is what a descriptor names.
func (c *call) findFD(fd int) target {
	if f := c.file(fd); f != nil {
		return target{Pos: posOf(f), file: f}
	}
	if at := c.s.fifoOf(c.TID(), fd); at != nil {
		return target{Pos: at.pos}
	}
	return target{native: true}
}

// ofFD is findFD for calls that need more than O_PATH. The reply counts if done is set.
func (c *call) ofFD(fd int) (t target, r reply, done bool) {
	t = c.findFD(fd)
	if t.file != nil && t.file.Flags&unix.O_PATH != 0 {
		return t, fail(unix.EBADF), true
	}
	return t, native, t.native
}

// start is where the walk of path begins.
type start struct {
	pos    view.Pos
	native bool  // the kernel would begin there too
	err    error // why there is no position: the kernel would find the same
}

// startOf is start for a walk with the RESOLVE_* flags of openat2, some of which make an absolute
// path begin at the directory as well.
func (c *call) startOf(dirfd int, path []byte, w want) (start, error) {
	if w&inRoot != 0 && path[0] == '/' {
		path = []byte("-")
	}
	return c.start(dirfd, path)
}

func (c *call) start(dirfd int, path []byte) (start, error) {
	st := c.task()
	switch {
	case path[0] == '/':
		return start{pos: c.root(), native: st.Root.IsZero()}, nil
	case dirfd == unix.AT_FDCWD:
		if !st.Cwd.IsZero() {
			return start{pos: st.Cwd}, nil
		}
		p, err := guest.Link(c.TID(), "cwd")
		return c.startHost(p, err)
	}
	if f := c.file(dirfd); f != nil {
		if f.Node.Type() != unix.S_IFDIR {
			return start{}, unix.ENOTDIR
		}
		return start{pos: posOf(f)}, nil
	}
	var buf [guest.PathMax]byte
	link, err := guest.FDLink(c.TID(), dirfd, buf[:])
	return c.startHost(string(link), err)
}

// startHost is a directory of the kernel's that the guest has as a descriptor or working
// directory. Errors are left to the kernel, which finds them too.
func (c *call) startHost(path string, err error) (start, error) {
	switch {
	case err != nil:
	case path == "" || path[0] != '/':
		err = unix.ENOTDIR
	case strings.HasSuffix(path, " (deleted)"):
		err = unix.ENOENT
	default:
		return start{pos: view.Pos{Node: host.Dir(path), Path: path}, native: true}, nil
	}
	return start{native: true, err: err}, nil
}

// root is the root directory of the calling process.
func (c *call) root() view.Pos {
	if st := c.task(); !st.Root.IsZero() {
		return st.Root
	}
	if m := c.task().Mounts().At("/"); m != nil {
		return view.Pos{Mount: m, Node: m.Root, Path: "/"}
	}
	return view.Pos{Node: host.Root(), Path: "/"}
}

// cwd is the working directory of the calling process.
func (c *call) cwd() (view.Pos, error) {
	if st := c.task(); !st.Cwd.IsZero() {
		return st.Cwd, nil
	}
	p, err := guest.Link(c.TID(), "cwd")
	if err != nil {
		return view.Pos{}, err
	}
	return view.Pos{Node: host.Dir(p), Path: p}, nil
}

// straight tells, mostly with one system call, that the kernel finds what the view has at a
// path: it is below no mount point and there is no symbolic link on the way.
func (c *call) straight(t *view.Table, dir string, path []byte, w want) bool {
	var buf [2 * guest.PathMax]byte
	p := buf[:0]
	if path[0] != '/' && dir != "/" {
		p = append(p, dir...)
	}
	if len(dir) > guest.PathMax || bytes.HasPrefix(p, []byte("/proc/")) {
		return false
	}
	follows := w&follow != 0 || path[len(path)-1] == '/'
	for len(path) > 0 {
		name, rest, _ := bytes.Cut(path, []byte("/"))
		path = rest
		switch string(name) {
		case "":
			continue
		case ".", "..":
			return false
		}
		p = append(append(p, '/'), name...)
		if t.AtBytes(p) != nil {
			return false
		}
	}
	if len(p) == 0 || bytes.HasPrefix(p, []byte("/proc/")) {
		return len(p) == 0
	}
	proved := false
	c.MayWait(func() { proved = host.NoSymlinks(c, append(p, 0), follows) })
	return proved
}
