// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"maps"
	"sync"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
)

// standIns are the paths, in umvu's private directory, of what stands for fifos or sockets of virtual file systems.
type standIns struct {
	mu    sync.Mutex
	path  map[engine.Node]string
	sweep int // number at which to look for those that have no name any more
}

// at is the path for an inode.
func (s *standIns) at(n engine.Node) (path string, found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path, found = s.path[n]
	return path, found
}

// has tells whether a path is that of some inode.
func (s *standIns) has(path string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.path {
		if p == path {
			return true
		}
	}
	return false
}

// put notes a path, unless there is one already, which it returns then.
func (s *standIns) put(c engine.Call, n engine.Node, path string) string {
	s.mu.Lock()
	if have, found := s.path[n]; found {
		s.mu.Unlock()
		return have
	}
	if s.path == nil {
		s.path = map[engine.Node]string{}
	}
	s.path[n] = path
	full := len(s.path) >= max(s.sweep, 64)
	s.mu.Unlock()
	if full {
		s.prune(c)
	}
	return path
}

// forget drops the path for an inode.
func (s *standIns) forget(n engine.Node) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.path, n)
}

// prune forgets what cannot be found by a path any more. Those that have it open do not need the stand-in's name.
func (s *standIns) prune(c engine.Call) {
	s.mu.Lock()
	all := maps.Clone(s.path)
	s.mu.Unlock()
	for n, path := range all {
		var st unix.Statx_t
		if err := n.Stat(c, &st); err == nil && st.Nlink > 0 {
			continue
		}
		_ = unix.Unlink(path) // what cannot be removed now goes with the private directory
		s.forget(n)
	}
	s.mu.Lock()
	s.sweep = 2 * len(s.path)
	s.mu.Unlock()
}
