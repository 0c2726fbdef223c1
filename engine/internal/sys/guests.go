// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"iter"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/guest"
)

// guests are the guests alive, without the servers that modules have started.
func (s *Supervisor) guests() iter.Seq[int] {
	return func(yield func(pid int) bool) {
		if childless() {
			return
		}
		for pid, st := range s.tasks.Living() {
			if !st.Service && guest.State(pid) != 'Z' && !yield(pid) {
				return
			}
		}
	}
}

// childless tells, without a look at all processes, that no guest can be alive: each descends from a child of umvu, which
// is the reaper of those whose parents have ended.
func childless() bool {
	return unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil) == unix.ECHILD
}

// Guests tells whether a guest is alive.
func (s *Supervisor) Guests() bool {
	for range s.guests() {
		return true
	}
	return false
}

// Busy tells whether a guest is alive that does something of its own, and does not only serve a mount through a device
// of the view, as a FUSE server does.
func (s *Supervisor) Busy() bool {
	for pid := range s.guests() {
		if !s.serves(pid) {
			return true
		}
	}
	return false
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

// Kill kills all that live, servers that modules have started too, and returns how many there were.
func (s *Supervisor) Kill() int {
	n := 0
	for pid := range s.tasks.Living() {
		if guest.State(pid) != 'Z' && unix.Kill(pid, unix.SIGKILL) == nil {
			n++
		}
	}
	return n
}

// Signal sends a signal to the guests and returns how many got it.
func (s *Supervisor) Signal(sig unix.Signal) int {
	n := 0
	for pid := range s.guests() {
		if unix.Kill(pid, sig) == nil {
			n++
		}
	}
	return n
}

// LookPath finds a command in the first view as execvp(3) does.
func (s *Supervisor) LookPath(name, path string) (string, error) {
	if strings.ContainsRune(name, '/') {
		return name, nil
	}
	bg := s.background()
	err := error(unix.ENOENT)
	for _, dir := range filepath.SplitList(path) {
		if dir == "" {
			dir = "."
		}
		p := filepath.Join(dir, name)
		abs, lerr := filepath.Abs(p)
		if lerr != nil {
			continue
		}
		n, _, lerr := bg.View().Lookup(bg, abs, true)
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
