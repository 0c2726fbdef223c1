// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"maps"
	"sync"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/fdesc"
	"vuos.dev/engine/internal/host"
)

// programs maps the copies of virtual binaries to what they are copies of.
type programs struct {
	mu    sync.RWMutex
	by    map[string]*openedAt
	sweep int // number of copies at which to look for those that are gone
}

func (p *programs) add(copied string, at *openedAt) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.by == nil {
		p.by = map[string]*openedAt{}
	}
	if len(p.by) >= max(p.sweep, 64) {
		maps.DeleteFunc(p.by, func(copied string, _ *openedAt) bool {
			var st unix.Stat_t
			return unix.Lstat(copied, &st) == unix.ENOENT
		})
		p.sweep = 2 * len(p.by)
	}
	p.by[copied] = at
}

// at is what a copy is of, or nil.
func (p *programs) at(copied string) *openedAt {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.by[copied]
}

func (p *programs) each(f func(*openedAt)) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, at := range p.by {
		f(at)
	}
}

// inodeID is the identity of one of the host's inodes.
type inodeID struct{ dev, ino uint64 }

// programID is the identity of a file that is run, for package exec.
func (c *call) programID(n engine.Node) (any, error) {
	if _, isHost := n.(host.Node); !isHost {
		return n, nil
	}
	var st unix.Statx_t
	err := n.Stat(c, &st)
	return inodeID{unix.Mkdev(st.Dev_major, st.Dev_minor), st.Ino}, err
}

// running is ETXTBSY for a file that is run (fs/namei.c:do_open(), get_write_access()).
func (c *call) running(t target) error {
	if t.Mount == nil || t.Node.Type() != unix.S_IFREG || c.s.execs.Empty() {
		return nil
	}
	id, err := c.programID(t.Node)
	if err == nil && c.s.execs.Running(id) {
		err = unix.ETXTBSY
	}
	return err
}

// written tells whether a file that is to be run is open for writing (fs/exec.c:do_open_execat(), exe_file_deny_write_access()).
func (c *call) written(n engine.Node, f engine.File) bool {
	if h, ok := f.(*host.File); ok {
		return h.Written()
	}
	if c.hasWriter(n) {
		c.s.files.Closed() // it may have been closed a moment ago
		return c.hasWriter(n)
	}
	return false
}

func (c *call) hasWriter(n engine.Node) (found bool) {
	c.s.files.Each(func(o *fdesc.Open) {
		found = found || o.Node == n && writes(o.Flags&^unix.O_TRUNC)
	})
	return found
}
