// SPDX-License-Identifier: Apache-2.0

// Package host makes the kernel's own file tree available as engine.Node values:
// for calls that end on the host, but by another way than the kernel would take with the guest's
// arguments (a virtual working directory, a symbolic link inside a mount, the source of a bind).
//
// Everything is done with the caller's root directory and, if umvu could do more than
// the caller, with the caller's credentials.
package host

import (
	"runtime"
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

// mayWait runs do for c. Whatever umvu asks of the host's files seldom waits, but any of them may be of FUSE or NFS, and the server be a
// guest.
func mayWait(c engine.Call, do func()) {
	if patient, ok := c.(Patient); ok {
		patient.MayWait(do)
	} else {
		do()
	}
}

// Node is an inode of the host: a canonical path below the caller's root, or a held inode, or a path below one.
type Node struct {
	at   *Held  // nil: the caller's root
	path string // absolute if at is nil; "" for the held inode itself
	typ  uint32
}

var (
	_ engine.NodeWalker     = Node{}
	_ engine.NodeOpener     = Node{}
	_ engine.NodeCreater    = Node{}
	_ engine.NodeReadlinker = Node{}
)

// Root is the root directory.
func Root() Node { return Node{path: "/", typ: unix.S_IFDIR} }

// Dir is a directory that is known to be one.
func Dir(path string) Node { return Node{path: path, typ: unix.S_IFDIR} }

// At is the inode at a canonical path, whatever it is.
func At(c engine.Call, path string) (Node, error) {
	if path == "/" {
		return Root(), nil
	}
	return Node{path: path}.typed(c)
}

// typed is n with the type that it has.
func (n Node) typed(c engine.Call) (Node, error) {
	var st unix.Stat_t
	err := n.do(c, func(p place) error { return unix.Fstatat(p.dirfd, p.path, &st, p.flags) })
	n.typ = st.Mode & unix.S_IFMT
	return n, err
}

// Name is the canonical path by which the inode was found. It may have another one by now.
func (n Node) Name() string {
	switch {
	case n.at == nil:
		return n.path
	case n.path == "":
		return n.at.name
	}
	return join(n.at.name, n.path)
}

// Type implements engine.Node.
func (n Node) Type() uint32 { return n.typ }

// place names an inode for the system calls with a directory descriptor: flags are the AT_* flags to be given, one of
// AT_EMPTY_PATH and AT_SYMLINK_NOFOLLOW.
type place struct {
	dirfd int
	path  string
	flags int
}

// do runs f, with the caller's credentials, for a place that is the inode for umvu.
func (n Node) do(c engine.Call, f func(place) error) error {
	p := place{dirfd: unix.AT_FDCWD, path: n.path, flags: unix.AT_SYMLINK_NOFOLLOW}
	h, ok := c.(Caller)
	switch {
	case n.at != nil:
		if p.dirfd = n.at.fd; n.path == "" {
			p.flags = unix.AT_EMPTY_PATH
		}
	case !ok:
	default:
		if p.dirfd = h.RootFD(); p.dirfd != unix.AT_FDCWD {
			if p.path = strings.TrimPrefix(p.path, "/"); p.path == "" {
				p.path = "."
			}
		}
	}
	defer runtime.KeepAlive(n.at)
	if !ok {
		return f(p)
	}
	var err error
	mayWait(c, func() { err = h.Do(func() error { return f(p) }) })
	return err
}

// follow is the place for the calls that know no AT_EMPTY_PATH, and follow a link of /proc instead.
func (n Node) follow(p place) place {
	if p.flags == unix.AT_EMPTY_PATH {
		return place{dirfd: unix.AT_FDCWD, path: n.at.magic()}
	}
	return p
}

// Reach is a path by which umvu finds the inode. It is good as long as n is in use.
func (n Node) Reach(c Caller, tid int) string {
	switch {
	case n.at != nil && n.path == "":
		return n.at.magic()
	case n.at != nil:
		return n.at.magic() + "/" + n.path
	case c.RootFD() != unix.AT_FDCWD:
		return "/proc/" + strconv.Itoa(tid) + "/root" + n.path
	}
	return n.path
}

// child is an entry of the directory.
func (n Node) child(name string, typ uint32) Node {
	if n.path == "" {
		return Node{at: n.at, path: name, typ: typ}
	}
	return Node{at: n.at, path: join(n.path, name), typ: typ}
}

func join(dir, name string) string {
	if dir == "/" {
		return "/" + name
	}
	return dir + "/" + name
}

// Stat implements engine.Node.
func (n Node) Stat(c engine.Call, st *unix.Statx_t) error {
	return n.do(c, func(p place) error {
		return unix.Statx(p.dirfd, p.path, p.flags, unix.STATX_BASIC_STATS|unix.STATX_BTIME, st)
	})
}

// Walk implements engine.NodeWalker. Mostly one openat2 tells that there is no
// symbolic link on the way.
func (n Node) Walk(c engine.Call, names []string) ([]engine.Node, error) {
	if mode, ok := n.walkAtOnce(c, names); ok {
		return n.chain(names, mode), nil
	}
	var nodes []engine.Node
	for dir := n; len(nodes) < len(names); {
		child, err := dir.child(names[len(nodes)], 0).typed(c)
		if err != nil {
			return nodes, err
		}
		nodes = append(nodes, child)
		if child.typ == unix.S_IFLNK {
			break
		}
		dir = child
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
	err := n.child(strings.Join(names, "/"), 0).do(c, func(p place) error {
		fd, err := unix.Openat2(p.dirfd, p.path, &how)
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
	for i, name := range names {
		n = n.child(name, unix.S_IFDIR)
		nodes[i] = n
	}
	n.typ = mode & unix.S_IFMT
	nodes[len(nodes)-1] = n
	return nodes
}

// Readlink implements engine.NodeReadlinker. /proc/self is the caller's own.
func (n Node) Readlink(c engine.Call) (string, error) {
	switch n.Name() {
	case "/proc/self":
		return strconv.Itoa(c.PID()), nil
	case "/proc/thread-self":
		return strconv.Itoa(c.PID()) + "/task/" + strconv.Itoa(c.TID()), nil
	}
	buf := make([]byte, unix.PathMax)
	var k int
	err := n.do(c, func(p place) (err error) {
		k, err = unix.Readlinkat(p.dirfd, p.path, buf)
		return err
	})
	if err != nil {
		return "", err
	}
	return string(buf[:k]), nil
}
