// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/guest"
	"vuos.dev/engine/internal/task"
)

// Guests counts the guests alive, without the servers that modules have started.
func (s *Supervisor) Guests() int {
	n := 0
	s.tasks.Living(func(pid int, st *task.State) {
		if !st.Service && guest.State(pid) != 'Z' {
			n++
		}
	})
	return n
}

// Busy tells whether a guest is alive that does something of its own: not a server that a module has started, and not
// one that serves a mount through a device of the view, as a FUSE server does.
func (s *Supervisor) Busy() bool {
	busy := false
	s.tasks.Living(func(pid int, st *task.State) {
		if !busy && !st.Service && guest.State(pid) != 'Z' && !s.serves(pid) {
			busy = true
		}
	})
	return busy
}

// serves tells whether a process has a stream to a module open.
func (s *Supervisor) serves(pid int) bool {
	if s.files.Live() == 0 {
		return false
	}
	var buf [256]byte
	for _, fd := range guest.FDs(pid) {
		link, err := guest.FDLink(pid, fd, buf[:])
		if err != nil {
			continue
		}
		if f := s.files.ByLinkBytes(link); f != nil && f.Stream() {
			return true
		}
	}
	return false
}

// Signal sends a signal to them and returns how many there were.
func (s *Supervisor) Signal(sig unix.Signal) int {
	n := 0
	s.tasks.Living(func(pid int, st *task.State) {
		if !st.Service && guest.State(pid) != 'Z' && unix.Kill(pid, sig) == nil {
			n++
		}
	})
	return n
}

// LookPath finds a command in the first view as execvp(3) does.
func (s *Supervisor) LookPath(name, path string) (string, error) {
	if strings.ContainsRune(name, '/') {
		return name, nil
	}
	bg := s.background(nil)
	err := error(unix.ENOENT)
	for _, dir := range filepath.SplitList(path) {
		if dir == "" {
			dir = "."
		}
		p := filepath.Join(dir, name)
		n, _, lerr := bg.View().Lookup(bg, p, true)
		if lerr != nil || n.Type() != unix.S_IFREG {
			continue
		}
		if mayAccess(bg, target{Pos: pos{Node: n}}, unix.X_OK) == nil {
			return p, nil
		}
		err = unix.EACCES
	}
	return "", err
}
