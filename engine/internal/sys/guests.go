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
