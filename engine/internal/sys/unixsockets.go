// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/fork"
)

// unixSockets are the sockets bound to virtual paths. Each is bound to a path of its own in umvu's
// private directory; the virtual inode, which is held, stands for that.
type unixSockets struct {
	standIns
	names sync.Mutex
	next  int
	name  map[string]string // the path that the guest used, by private path, where the kernel does not know it
}

// fresh is a path that was not used before.
func (u *unixSockets) fresh(dir string) string {
	u.names.Lock()
	defer u.names.Unlock()
	u.next++
	return filepath.Join(dir, "s"+strconv.Itoa(u.next))
}

// call notes the guest's name for a private path.
func (u *unixSockets) call(private, name string) {
	u.names.Lock()
	defer u.names.Unlock()
	if u.name == nil {
		u.name = map[string]string{}
	}
	u.name[private] = name
}

func (u *unixSockets) nameOf(private string) (string, bool) {
	u.names.Lock()
	defer u.names.Unlock()
	n, ok := u.name[private]
	return n, ok
}

// none tells whether the kernel knows the names of all sockets.
func (u *unixSockets) none() bool {
	u.names.Lock()
	defer u.names.Unlock()
	return len(u.name) == 0
}

// bindStandIn binds a guest's socket to a private path, which it returns. The name that the kernel shows to others, in
// recvfrom for example, is the guest's. Where there are no user namespaces for an unprivileged umvu it is the private path.
func (s *Supervisor) bindStandIn(socket int, name string) (private string, err error) {
	private = s.sockets.fresh(s.dir)
	place, err := newBindPlace(private+".d", name)
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(place.root)
	err = fork.Bind(socket, name, place.root, place.cwd, s.own.HasCap(unix.CAP_SYS_CHROOT))
	switch {
	case err == nil:
		return private, os.Rename(place.socket, private)
	case isErrno(err, unix.EPERM), isErrno(err, unix.ENOSPC), isErrno(err, unix.EUSERS), isErrno(err, unix.ENOSYS):
	default:
		return "", err
	}
	if err := unix.Bind(socket, &unix.SockaddrUnix{Name: private}); err != nil {
		return "", err
	}
	s.sockets.call(private, name)
	return private, nil
}

// bindPlace has just the directories that a path goes through.
type bindPlace struct{ root, cwd, socket string }

func newBindPlace(root, path string) (p bindPlace, err error) {
	names := strings.Split(path, "/")
	p.root, p.cwd = root, root
	at := root
	if names[0] != "" { // relative: as far below the root as it may go up
		for _, name := range names {
			if name == ".." {
				p.cwd += "/d"
			}
		}
		at = p.cwd
	}
	if err := os.MkdirAll(at, 0o700); err != nil {
		return p, err
	}
	for _, name := range names[:len(names)-1] {
		switch name {
		case "", ".":
		case "..":
			if at != root {
				at = filepath.Dir(at)
			}
		default:
			at += "/" + name
			if err := os.MkdirAll(at, 0o700); err != nil {
				return p, err
			}
		}
	}
	p.socket = at + "/" + names[len(names)-1]
	return p, nil
}
