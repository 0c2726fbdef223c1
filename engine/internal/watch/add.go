// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
)

// Step is one inode on the way from the root of a mount, which has no name.
type Step struct {
	Name string
	Node engine.Node
}

// Request is a watch to be added.
type Request struct {
	Mount any    // what the steps begin at; see [Tree.Drop]
	Steps []Step // the last one is to be watched
	// List calls emit for the entries of the inode, which is a directory.
	List func(emit func(name string, isDir bool)) error
	// Adopt calls open for the open files, as [Tree.Open] would have been: those without a shadow so far.
	Adopt func(open func(p Place, flags int) *Handle)
	// Watch adds the watch to the guest's instance.
	Watch func(path string) error
}

// Add makes what is needed to watch an inode, and has it watched.
func (t *Tree) Add(r Request) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count()
	if err := unix.Mkdir(t.dir, 0o700); err != nil && err != unix.EEXIST {
		return err
	}
	t.live.Store(true)
	s, err := t.chain(r.Mount, r.Steps)
	if err != nil {
		return err
	}
	if s.node.Type() == unix.S_IFDIR && !s.full {
		if err := t.fill(s, r.List); err != nil {
			return err
		}
	}
	r.Adopt(t.open)
	return r.Watch(t.path(s))
}

// chain makes the shadows of an inode and of the directories that it is in.
func (t *Tree) chain(mount any, steps []Step) (*shadow, error) {
	var up *shadow
	for _, st := range steps {
		s := t.byNode[st.Node]
		if up != nil && (s == nil || s.up != up) && up.kids[st.Name] != nil {
			s = up.kids[st.Name]
		}
		if s == nil {
			name := st.Name
			if up == nil {
				name = t.fresh()
			}
			dir := t.dir
			if up != nil {
				dir = t.path(up)
			}
			if err := makeEntry(filepath.Join(dir, name), st.Node.Type() == unix.S_IFDIR); err != nil {
				return nil, err
			}
			s = t.bind(up, name, st.Node, mount)
		}
		up = s
	}
	return up, nil
}

// fill makes the entries of a directory that is not watched yet.
func (t *Tree) fill(s *shadow, list func(emit func(string, bool)) error) error {
	dir := t.path(s)
	old, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range old { // from an earlier watch
		if s.kids[e.Name()] == nil {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	if err != nil {
		return err
	}
	listErr := list(func(name string, isDir bool) {
		if name != "." && name != ".." && s.kids[name] == nil {
			err = errors.Join(err, makeEntry(filepath.Join(dir, name), isDir))
		}
	})
	if err = errors.Join(listErr, err); err == nil {
		s.full = true
	}
	return err
}
