// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"os"

	"golang.org/x/sys/unix"
)

// Created reports a new entry of a directory.
func (t *Tree) Created(p Place) {
	if t.Empty() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count()
	if d := t.byNode[p.Dir]; d != nil && d.full {
		t.find(p)
	}
}

// Linked reports that an inode has got the name p.
func (t *Tree) Linked(p Place) {
	if t.Empty() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count()
	d, s := t.byNode[p.Dir], t.byNode[p.Node]
	switch {
	case s != nil && d != nil && d.full:
		if unix.Link(t.path(s), t.path(d)+"/"+p.Name) == nil {
			t.bind(d, p.Name, p.Node, d.mount)
		}
	case s != nil:
		_ = unix.Chmod(t.path(s), 0o700) // IN_ATTRIB: another link count
	case d != nil && d.full:
		t.find(p)
	}
}

// Removed reports that an entry is gone; left tells whether the inode has other names.
func (t *Tree) Removed(p Place, left bool) {
	if t.Empty() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count()
	t.remove(p, left)
}

func (t *Tree) remove(p Place, left bool) {
	d, s := t.byNode[p.Dir], t.byNode[p.Node]
	if d != nil && d.kids[p.Name] != nil {
		s = d.kids[p.Name]
	}
	here := s != nil && s.up == d && s.name == p.Name
	switch {
	case d != nil && (here || d.full):
		path := t.path(d) + "/" + p.Name
		if here && left && t.byNode[p.Node] == s {
			// The other name may be in a directory without a shadow.
			name := t.fresh()
			if unix.Link(path, t.dir+"/"+name) == nil {
				t.move(s, nil, name)
				here = false
			}
		}
		discard(path)
		if here {
			t.forget(s)
		}
	case s != nil && left:
		_ = unix.Chmod(t.path(s), 0o700)
	case s != nil:
		discard(t.path(s))
		t.forget(s)
	}
}

// discard removes a shadow. A directory is empty, since the one that it stands for was.
func discard(path string) {
	if unix.Unlink(path) != nil && unix.Rmdir(path) != nil {
		_ = os.RemoveAll(path)
	}
}

// Rename is a rename that was done.
type Rename struct {
	From, To Place // To.Node is nil if there was nothing of that name
	Exchange bool
	Left     bool // what was at To has other names
	// ToDir are the steps to the directory of To, in case it has no shadow but something in it must have one.
	ToDir func() (mount any, steps []Step)
}

// Renamed reports a rename.
func (t *Tree) Renamed(r Rename) {
	if t.Empty() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count()
	from, to := t.byNode[r.From.Dir], t.byNode[r.To.Dir]
	moved, other := t.entryAt(from, r.From), t.entryAt(to, r.To)
	if to == nil && moved != nil {
		to, _ = t.chain(r.ToDir())
	}
	watched := func(d *shadow) bool { return d != nil && d.full }
	if moved == nil && other == nil && !watched(from) && !watched(to) {
		return
	}
	src := t.place(from, moved, r.From)
	dst := t.dir + "/" + t.fresh()
	if to != nil {
		dst = t.path(to) + "/" + r.To.Name
	}
	flags := uint(0)
	if r.Exchange {
		flags = unix.RENAME_EXCHANGE
		t.place(to, other, r.To)
	} else if other != nil && r.Left {
		t.keepOther(other)
	}
	if err := unix.Renameat2(unix.AT_FDCWD, src, unix.AT_FDCWD, dst, flags); err == unix.ENOTEMPTY || err == unix.EEXIST {
		_ = os.RemoveAll(dst)
		_ = unix.Rename(src, dst)
	}
	switch {
	case to == nil && !r.Exchange:
		discard(dst)
	case r.Exchange && other != nil:
		t.move(other, from, r.From.Name)
	case other != nil && other.up == to:
		t.forget(other)
	}
	if moved != nil && to != nil {
		t.move(moved, to, r.To.Name)
	}
}

// entryAt is the shadow of an entry, if its inode is known.
func (t *Tree) entryAt(d *shadow, p Place) *shadow {
	if p.Node == nil {
		return nil
	}
	if d != nil && d.kids[p.Name] != nil {
		return d.kids[p.Name]
	}
	if s := t.byNode[p.Node]; s != nil && s.up == d {
		return s
	}
	return nil
}

// place is the path of an entry's shadow; one that nobody can watch is made for the purpose.
func (t *Tree) place(d, s *shadow, p Place) string {
	path := t.dir + "/" + t.fresh()
	switch {
	case s != nil:
		return t.path(s)
	case d != nil:
		path = t.path(d) + "/" + p.Name
		if d.full {
			break
		}
	}
	_ = makeEntry(path, p.Node != nil && p.Node.Type() == unix.S_IFDIR)
	return path
}

// keepOther gives what a rename replaces another name.
func (t *Tree) keepOther(s *shadow) {
	name := t.fresh()
	if unix.Link(t.path(s), t.dir+"/"+name) == nil {
		t.move(s, nil, name)
	}
}
