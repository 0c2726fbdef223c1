// SPDX-License-Identifier: Apache-2.0

package client

import "sync"

// maxNames bounds the cache of names of one mount.
const maxNames = 32 << 10

// dentry is a name in a directory: what it was, and until when that may be believed.
type dentry struct {
	dir   *node
	name  string
	child *node // nil: there is none of that name
	until int64 // on FS.now's clock

	newer, older *dentry
}

// dcache is the cache of names, least recently used ones going first. Names that have run
// out stay: they keep their inodes known until they are needed for others.
type dcache struct {
	mu             sync.Mutex
	max            int
	count          int
	newest, oldest *dentry
}

// lookup finds a name. ok tells that it is cached and valid; child is nil for one that does
// not exist.
func (dc *dcache) lookup(dir *node, name string, now int64) (child *node, ok bool) {
	dc.mu.Lock()
	defer dc.mu.Unlock()
	d := dir.children[name]
	if d == nil || d.until < now {
		return nil, false
	}
	if d != dc.newest {
		dc.unlist(d)
		dc.list(d)
	}
	return d.child, true
}

// peek finds what a name was last, valid or not.
func (dc *dcache) peek(dir *node, name string) *node {
	dc.mu.Lock()
	defer dc.mu.Unlock()
	if d := dir.children[name]; d != nil {
		return d.child
	}
	return nil
}

// enter sets what a name is.
func (dc *dcache) enter(dir *node, name string, child *node, until int64) {
	dc.mu.Lock()
	defer dc.mu.Unlock()
	d := dir.children[name]
	if d != nil {
		dc.unlist(d)
	} else {
		d = &dentry{dir: dir, name: name}
		if dir.children == nil {
			dir.children = make(map[string]*dentry)
		}
		dir.children[name] = d
		dc.count++
	}
	d.child, d.until = child, until
	dc.list(d)
	for dc.count > dc.max {
		dc.drop(dc.oldest)
	}
}

// move gives what is known of a name to another one, with the time that it may be believed, or exchanges the two
// (fs/dcache.c:d_move(), d_exchange()).
func (dc *dcache) move(dir *node, name string, newDir *node, newName string, exchange bool) {
	dc.mu.Lock()
	defer dc.mu.Unlock()
	from, to := dir.children[name], newDir.children[newName]
	switch {
	case exchange && from != nil && to != nil:
		from.child, to.child = to.child, from.child
		from.until, to.until = to.until, from.until
		return
	case to != nil:
		dc.drop(to)
	}
	if from == nil {
		return
	}
	if exchange { // who was behind newName is not known
		dc.drop(from)
		return
	}
	delete(dir.children, name)
	from.dir, from.name = newDir, newName
	if newDir.children == nil {
		newDir.children = make(map[string]*dentry)
	}
	newDir.children[newName] = from
}

// remove forgets a name.
func (dc *dcache) remove(dir *node, name string) {
	dc.mu.Lock()
	defer dc.mu.Unlock()
	if d := dir.children[name]; d != nil {
		dc.drop(d)
	}
}

// removeChild forgets a name if it is that of child.
func (dc *dcache) removeChild(dir *node, name string, child *node) {
	dc.mu.Lock()
	defer dc.mu.Unlock()
	if d := dir.children[name]; d != nil && d.child == child {
		dc.drop(d)
	}
}

// expire makes a name one to be looked up again.
func (dc *dcache) expire(dir *node, name string) (known bool) {
	dc.mu.Lock()
	defer dc.mu.Unlock()
	d := dir.children[name]
	if d == nil {
		return false
	}
	d.until = 0
	return true
}

// expireAll makes every name one to be looked up again.
func (dc *dcache) expireAll() {
	dc.mu.Lock()
	defer dc.mu.Unlock()
	for d := dc.newest; d != nil; d = d.older {
		d.until = 0
	}
}

// clear forgets everything.
func (dc *dcache) clear() {
	dc.mu.Lock()
	defer dc.mu.Unlock()
	for dc.oldest != nil {
		dc.drop(dc.oldest)
	}
}

func (dc *dcache) drop(d *dentry) {
	dc.unlist(d)
	delete(d.dir.children, d.name)
	dc.count--
}

func (dc *dcache) list(d *dentry) {
	d.older = dc.newest
	if d.older != nil {
		d.older.newer = d
	} else {
		dc.oldest = d
	}
	dc.newest = d
}

func (dc *dcache) unlist(d *dentry) {
	if d.newer != nil {
		d.newer.older = d.older
	} else {
		dc.newest = d.older
	}
	if d.older != nil {
		d.older.newer = d.newer
	} else {
		dc.oldest = d.newer
	}
	d.newer, d.older = nil, nil
}
