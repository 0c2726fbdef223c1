// SPDX-License-Identifier: Apache-2.0

package host

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
)

var _ engine.NodeXattrer = Node{}

// pinned runs f with a path through /proc that names exactly the inode, for the calls that have
// no *at form before Linux 6.13.
func (n Node) pinned(c engine.Call, f func(path string) error) error {
	return n.do(c, func(p place) error {
		switch {
		case p.flags == unix.AT_EMPTY_PATH:
			return f(n.at.magic())
		case p.dirfd == unix.AT_FDCWD:
			return f(p.path)
		case n.typ == unix.S_IFLNK: // a descriptor of a link cannot be used as a path of it
			return f("/proc/self/fd/" + strconv.Itoa(p.dirfd) + "/" + p.path)
		}
		fd, err := unix.Openat(p.dirfd, p.path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		return f("/proc/self/fd/" + strconv.Itoa(fd))
	})
}

// link tells whether the l-form of a call is to be used: a path of /proc leads to a held link itself.
func (n Node) link() bool { return n.typ == unix.S_IFLNK && (n.at == nil || n.path != "") }

// Getxattr implements engine.NodeXattrer.
func (n Node) Getxattr(c engine.Call, name string) (value []byte, err error) {
	get := unix.Getxattr
	if n.link() {
		get = unix.Lgetxattr
	}
	err = n.pinned(c, func(path string) (err error) {
		value, err = sized(func(b []byte) (int, error) { return get(path, name, b) })
		return err
	})
	return value, err
}

// Listxattr implements engine.NodeXattrer.
func (n Node) Listxattr(c engine.Call) (names []string, err error) {
	list := unix.Listxattr
	if n.link() {
		list = unix.Llistxattr
	}
	err = n.pinned(c, func(path string) error {
		b, err := sized(func(b []byte) (int, error) { return list(path, b) })
		if s := strings.TrimSuffix(string(b), "\x00"); s != "" {
			names = strings.Split(s, "\x00")
		}
		return err
	})
	return names, err
}

// sized asks for the size first, and again when it grew meanwhile.
func sized(get func([]byte) (int, error)) ([]byte, error) {
	for {
		n, err := get(nil)
		if err != nil || n == 0 {
			return nil, err
		}
		b := make([]byte, n)
		if n, err = get(b); err != unix.ERANGE {
			return b[:max(n, 0)], err
		}
	}
}

// Setxattr implements engine.NodeXattrer.
func (n Node) Setxattr(c engine.Call, name string, value []byte, flags int) error {
	set := unix.Setxattr
	if n.link() {
		set = unix.Lsetxattr
	}
	return n.pinned(c, func(path string) error { return set(path, name, value, flags) })
}

// Removexattr implements engine.NodeXattrer.
func (n Node) Removexattr(c engine.Call, name string) error {
	remove := unix.Removexattr
	if n.link() {
		remove = unix.Lremovexattr
	}
	return n.pinned(c, func(path string) error { return remove(path, name) })
}

// Watch adds an inotify watch on the inode to the inotify instance fd.
func (n Node) Watch(c engine.Call, fd int, mask uint32) (wd int, err error) {
	err = n.pinned(c, func(path string) (err error) {
		wd, err = unix.InotifyAddWatch(fd, path, mask)
		return err
	})
	return wd, err
}

// Statfs is statfs(2) of the inode.
func (n Node) Statfs(c engine.Call, st *unix.Statfs_t) error {
	return n.pinned(c, func(path string) error { return unix.Statfs(path, st) })
}
