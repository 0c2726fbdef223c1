// SPDX-License-Identifier: Apache-2.0

// Package host makes the kernel's own file tree available as engine.Node values:
// for calls that end on the host, but by another way than the kernel would take with the guest's
// arguments (a virtual working directory, a symbolic link inside a mount, the source of a bind).
//
// Everything is done with the caller's root directory and, if umvu could do more than
// the caller, with the caller's credentials.
package host

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
)

// Caller is what a call must offer besides engine.Call so that host calls are done
// in its name. Calls that do not implement it are umvu's own.
type Caller interface {
	// RootFD is a descriptor of the caller's root directory, or AT_FDCWD if it is the same
	// as umvu's. It stays open until the call ends.
	RootFD() int
	// Do runs f with the caller's credentials for file access.
	Do(f func() error) error
}

// Patient is a call that can find out afterwards that it had to wait.
type Patient interface {
	// MayWait runs do, which is not expected to wait. If it does all the same, that is as if Block had been called before,
	// only that other guests have waited for some milliseconds. It tells whether that was so.
	MayWait(do func()) (waited bool)
}

// Node is an inode of the host, named by its canonical path below the caller's root.
type Node struct {
	Path string
	typ  uint32
}

var (
	_ engine.NodeWalker     = Node{}
	_ engine.NodeOpener     = Node{}
	_ engine.NodeCreater    = Node{}
	_ engine.NodeReadlinker = Node{}
)

// Root is the root directory.
func Root() Node { return Node{Path: "/", typ: unix.S_IFDIR} }

// Dir is a directory that is known to be one.
func Dir(path string) Node { return Node{Path: path, typ: unix.S_IFDIR} }

// At is the inode at a canonical path, whatever it is.
func At(c engine.Call, path string) (Node, error) {
	if path == "/" {
		return Root(), nil
	}
	var st unix.Stat_t
	err := do(c, path, func(dirfd int, path string) error {
		return unix.Fstatat(dirfd, path, &st, unix.AT_SYMLINK_NOFOLLOW)
	})
	return Node{Path: path, typ: st.Mode & unix.S_IFMT}, err
}

// Type implements engine.Node.
func (n Node) Type() uint32 { return n.typ }

// do runs f with a directory and a path relative to it that name the same file for
// umvu as path does for the caller.
func do(c engine.Call, path string, f func(dirfd int, path string) error) error {
	h, ok := c.(Caller)
	if !ok {
		return f(unix.AT_FDCWD, path)
	}
	root := h.RootFD()
	if root != unix.AT_FDCWD {
		if path = strings.TrimPrefix(path, "/"); path == "" {
			path = "."
		}
	}
	return h.Do(func() error { return f(root, path) })
}

func join(dir, name string) string {
	if dir == "/" {
		return "/" + name
	}
	return dir + "/" + name
}

// Stat implements engine.Node.
func (n Node) Stat(c engine.Call, st *unix.Statx_t) error {
	return do(c, n.Path, func(dirfd int, path string) error {
		return unix.Statx(dirfd, path, unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BASIC_STATS|unix.STATX_BTIME, st)
	})
}

// Walk implements engine.NodeWalker. Mostly one openat2 tells that there is no
// symbolic link on the way.
func (n Node) Walk(c engine.Call, names []string) ([]engine.Node, error) {
	if mode, ok := n.walkAtOnce(c, names); ok {
		return n.chain(names, mode), nil
	}
	var nodes []engine.Node
	for p := n.Path; len(nodes) < len(names); {
		p = join(p, names[len(nodes)])
		child, err := At(c, p)
		if err != nil {
			return nodes, err
		}
		nodes = append(nodes, child)
		if child.typ == unix.S_IFLNK {
			break
		}
	}
	return nodes, nil
}

// walkAtOnce is for the common case: all names are there and only the last one may be a
// symbolic link.
func (n Node) walkAtOnce(c engine.Call, names []string) (mode uint32, ok bool) {
	how := unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_NOFOLLOW | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
	}
	p := join(n.Path, strings.Join(names, "/"))
	err := do(c, p, func(dirfd int, path string) error {
		fd, err := unix.Openat2(dirfd, path, &how)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		var st unix.Stat_t
		if err := unix.Fstat(fd, &st); err != nil {
			return err
		}
		mode = st.Mode
		return nil
	})
	return mode, err == nil
}

// chain is the nodes along names; all but the last one are directories.
func (n Node) chain(names []string, mode uint32) []engine.Node {
	nodes := make([]engine.Node, len(names))
	p := n.Path
	for i, name := range names {
		p = join(p, name)
		nodes[i] = Node{Path: p, typ: unix.S_IFDIR}
	}
	nodes[len(nodes)-1] = Node{Path: p, typ: mode & unix.S_IFMT}
	return nodes
}

// Readlink implements engine.NodeReadlinker. /proc/self is the caller's own.
func (n Node) Readlink(c engine.Call) (string, error) {
	switch n.Path {
	case "/proc/self":
		return strconv.Itoa(c.PID()), nil
	case "/proc/thread-self":
		return strconv.Itoa(c.PID()) + "/task/" + strconv.Itoa(c.TID()), nil
	}
	buf := make([]byte, unix.PathMax)
	var k int
	err := do(c, n.Path, func(dirfd int, path string) (err error) {
		k, err = unix.Readlinkat(dirfd, path, buf)
		return err
	})
	if err != nil {
		return "", err
	}
	return string(buf[:k]), nil
}
