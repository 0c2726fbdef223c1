// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
)

// Tree has the shadows. Its methods may be called from any goroutine, and do nothing and cost next to nothing while
// there are none.
type Tree struct {
	dir    string
	guests func(yield func(pid int))
	live   atomic.Bool // there are shadows

	mu     sync.Mutex
	next   int
	byNode map[engine.Node]*shadow
	work   int // events since the last look for watches that are gone
}

// Place is an entry of a directory, as a walk found it. Dir is nil for the root of a mount.
type Place struct {
	Dir  engine.Node
	Name string
	Node engine.Node
}

// shadow stands for an inode, at one of its names.
type shadow struct {
	up    *shadow // nil in the Tree's own directory
	name  string
	node  engine.Node
	mount any
	kids  map[string]*shadow // entries whose inodes are known
	full  bool               // all entries of the directory have shadows
}

// New makes a Tree whose shadows live in dir, which it makes when it is first needed. guests calls yield for each living guest.
func New(dir string, guests func(yield func(pid int))) *Tree {
	return &Tree{dir: dir, guests: guests, byNode: map[engine.Node]*shadow{}}
}

// Empty tells whether nothing is watched.
func (t *Tree) Empty() bool { return !t.live.Load() }

// Close removes the shadows. No other method may be called any more.
func (t *Tree) Close() error { return os.RemoveAll(t.dir) }

func (t *Tree) path(s *shadow) string {
	if s.up == nil {
		return filepath.Join(t.dir, s.name)
	}
	return t.path(s.up) + "/" + s.name
}

// fresh is a name in the Tree's own directory that nothing has.
func (t *Tree) fresh() string {
	t.next++
	return strconv.Itoa(t.next)
}

// bind notes which inode the entry name of up is.
func (t *Tree) bind(up *shadow, name string, n engine.Node, mount any) *shadow {
	s := &shadow{up: up, name: name, node: n, mount: mount}
	if up != nil {
		if up.kids == nil {
			up.kids = map[string]*shadow{}
		}
		up.kids[name] = s
	}
	if t.byNode[n] == nil {
		t.byNode[n] = s
	}
	return s
}

// move notes that s has another place.
func (t *Tree) move(s, up *shadow, name string) {
	if s.up != nil && s.up.kids[s.name] == s {
		delete(s.up.kids, s.name)
	}
	s.up, s.name = up, name
	if up != nil {
		if up.kids == nil {
			up.kids = map[string]*shadow{}
		}
		up.kids[name] = s
	}
}

// forget drops s and what is below it.
func (t *Tree) forget(s *shadow) {
	for _, k := range s.kids {
		t.forget(k)
	}
	if t.byNode[s.node] == s {
		delete(t.byNode, s.node)
	}
	if s.up != nil && s.up.kids[s.name] == s {
		delete(s.up.kids, s.name)
	}
}

// find is the shadow of a place, or nil if nobody can watch it.
func (t *Tree) find(p Place) *shadow {
	d := t.byNode[p.Dir]
	if d == nil {
		return t.byNode[p.Node]
	}
	if k := d.kids[p.Name]; k != nil {
		return k
	}
	if !d.full {
		return t.byNode[p.Node]
	}
	// It is new here, or was not used since the directory is watched.
	if err := makeEntry(t.path(d)+"/"+p.Name, p.Node.Type() == unix.S_IFDIR); err != nil {
		return nil
	}
	return t.bind(d, p.Name, p.Node, d.mount)
}

// makeEntry makes a shadow unless it is there.
func makeEntry(path string, isDir bool) error {
	var err error
	if isDir {
		err = unix.Mkdir(path, 0o700)
	} else {
		err = unix.Mknod(path, unix.S_IFREG|0o600, 0)
	}
	if err != nil && err != unix.EEXIST {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
