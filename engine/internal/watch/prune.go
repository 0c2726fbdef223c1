// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/guest"
)

// pruneAfter is the number of events after which is looked which watches there still are. Nothing tells that an inotify instance
// was closed.
const pruneAfter = 10000

// count notes an event.
func (t *Tree) count() {
	if t.work++; t.work >= pruneAfter {
		t.prune()
	}
}

// watchOf is a watch of a guest's inotify instance.
type watchOf struct {
	pid, fd, wd int
	id          inodeID
}

// inodeID is an inode of the kernel's: dev as the kernel has it (include/linux/kdev_t.h).
type inodeID struct{ dev, ino uint64 }

// watches are those of all guests, by fdinfo (proc_pid_fdinfo(5)).
func (t *Tree) watches() (all []watchOf) {
	t.guests(func(pid int) {
		for _, fd := range guest.FDs(pid) {
			var buf [64]byte
			if link, err := guest.FDLink(pid, fd, buf[:]); err != nil || string(link) != "anon_inode:inotify" {
				continue
			}
			b, err := guest.FDInfo(pid, fd, nil)
			if err != nil {
				continue
			}
			for line := range bytes.Lines(b) {
				if w, ok := parseWatch(line); ok {
					w.pid, w.fd = pid, fd
					all = append(all, w)
				}
			}
		}
	})
	return all
}

// parseWatch reads "inotify wd:1 ino:2f sdev:15 mask:...". Numbers other than the first are hexadecimal.
func parseWatch(line []byte) (w watchOf, ok bool) {
	f := bytes.Fields(line)
	if len(f) < 4 || string(f[0]) != "inotify" {
		return w, false
	}
	wd, isWD := bytes.CutPrefix(f[1], []byte("wd:"))
	ino, isIno := bytes.CutPrefix(f[2], []byte("ino:"))
	dev, isDev := bytes.CutPrefix(f[3], []byte("sdev:"))
	if !isWD || !isIno || !isDev {
		return w, false
	}
	var err1, err2, err3 error
	w.wd, err1 = strconv.Atoi(string(wd))
	w.id.ino, err2 = strconv.ParseUint(string(ino), 16, 64)
	w.id.dev, err3 = strconv.ParseUint(string(dev), 16, 64)
	return w, err1 == nil && err2 == nil && err3 == nil
}

// prune gives up the shadows that nobody watches.
func (t *Tree) prune() {
	t.work = 0
	watched := map[inodeID]bool{}
	for _, w := range t.watches() {
		watched[w.id] = true
	}
	keep := map[*shadow]bool{}
	for _, s := range t.byNode {
		if !watched[t.inode(s)] {
			s.full = false
			continue
		}
		for up := s; up != nil && !keep[up]; up = up.up {
			keep[up] = true
		}
	}
	for _, s := range t.byNode {
		if !keep[s] && (s.up == nil || keep[s.up] && !s.up.full) {
			_ = os.RemoveAll(t.path(s))
			t.forget(s)
		}
	}
	t.live.Store(len(t.byNode) > 0)
}

func (t *Tree) inode(s *shadow) inodeID {
	var st unix.Stat_t
	if unix.Lstat(t.path(s), &st) != nil {
		return inodeID{}
	}
	return inodeID{uint64(unix.Major(st.Dev))<<20 | uint64(unix.Minor(st.Dev)), st.Ino}
}

// Drop ends the watches of a mount that is gone. Guests are told IN_IGNORED; IN_UNMOUNT is what only the end of
// a file system of the kernel's can say.
func (t *Tree) Drop(mount any) {
	if t.Empty() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	gone := map[inodeID]bool{}
	var tops []*shadow
	for _, s := range t.byNode {
		if s.mount == mount {
			gone[t.inode(s)] = true
			if s.up == nil {
				tops = append(tops, s)
			}
		}
	}
	if len(gone) == 0 {
		return
	}
	for _, w := range t.watches() {
		if !gone[w.id] {
			continue
		}
		if fd, err := guest.Take(w.pid, w.fd); err == nil {
			_, _ = unix.InotifyRmWatch(fd, uint32(w.wd))
			unix.Close(fd)
		}
	}
	for _, s := range tops {
		_ = os.RemoveAll(t.path(s))
		t.forget(s)
	}
	t.live.Store(len(t.byNode) > 0)
}
