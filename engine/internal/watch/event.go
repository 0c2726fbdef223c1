// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"golang.org/x/sys/unix"
	"vuos.dev/engine"
)

// Event is what can happen to an inode.
type Event int

// Events, as inotify(7) names them.
const (
	Access Event = iota
	Modify
	Attrib
)

var (
	keep = unix.Timespec{Nsec: unix.UTIME_OMIT}
	now  = unix.Timespec{Nsec: unix.UTIME_NOW}
)

// Happened reports an event of an inode.
func (t *Tree) Happened(p Place, e Event) {
	if t.Empty() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count()
	s := t.find(p)
	if s == nil {
		return
	}
	// An error means that the shadow is gone, and its watches with it.
	switch path := t.path(s); e {
	case Access:
		_ = unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{now, keep}, unix.AT_SYMLINK_NOFOLLOW)
	case Modify:
		_ = unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{keep, now}, unix.AT_SYMLINK_NOFOLLOW)
	case Attrib:
		_ = unix.Chmod(path, 0o700)
	}
}

// Handle is the open shadow of an open file.
type Handle struct{ fd int }

// Open reports the open of a file with the O_* flags given. The result is nil if nobody can watch
// it; methods of nil do nothing.
func (t *Tree) Open(p Place, flags int) *Handle {
	if t.Empty() || p.Node == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count()
	return t.open(p, flags)
}

func (t *Tree) open(p Place, flags int) *Handle {
	s := t.find(p)
	if s == nil {
		return nil
	}
	fd, err := unix.Open(t.path(s), flags&unix.O_ACCMODE|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil
	}
	return &Handle{fd}
}

// Happened reports an event of the open file, also after its last name was removed.
func (h *Handle) Happened(e Event) {
	if h == nil {
		return
	}
	switch e {
	case Access:
		_ = unix.UtimesNanoAt(h.fd, "", []unix.Timespec{now, keep}, unix.AT_EMPTY_PATH)
	case Modify:
		_ = unix.UtimesNanoAt(h.fd, "", []unix.Timespec{keep, now}, unix.AT_EMPTY_PATH)
	case Attrib:
		_ = unix.Fchmod(h.fd, 0o700)
	}
}

// Close reports the last close. It is called once.
func (h *Handle) Close() {
	if h != nil {
		unix.Close(h.fd)
	}
}

// Watched tells whether somebody can watch the inode or, if it is a directory, its entries.
func (t *Tree) Watched(n engine.Node) bool {
	if t.Empty() {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byNode[n] != nil
}
