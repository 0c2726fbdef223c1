// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// inode is the stand-in and page cache of a virtual inode.
type inode struct {
	s    *Store
	node engine.Node
	base string // the stand-in's name in Store.Dir
	fd   int    // umvu's own descriptor of the stand-in, not through a watched link
	lazy bool   // nobody is told of a last close

	releasing pending // last closes of it under way

	// Guarded by Store.imu.
	opens   int
	spare   []link
	closed  place[inode] // in Store.closed
	deleted bool         // not to be kept

	writeLock sem          // serializes changes, as the kernel's inode lock
	pinned    atomic.Int64 // opens with a mapping; changes with mu held
	sizing    atomic.Int32 // changes of size under way here

	mu         sync.RWMutex
	size       int64 // of the file as last known, and of the stand-in
	sizeGen    uint64
	dropGen    uint64
	chunks     map[int64]*chunk
	loads      []*load
	mapped     []*Open     // those with pins
	natives    int         // materialized opens
	readers    int         // opens that read natively, see readers.go
	lags       bool        // the stand-in may end before the file, for them
	timer      *time.Timer // until the file system is asked for those again
	boundBytes int64       // charged to lru.bound for them
	wbSeq      uint64      // counts failed writes back
	wbErr      error       // the last one
	gone       bool        // stand-in dropped
}

// maxSpareLinks is how many links of an open inode are kept for the next open of it.
const maxSpareLinks = 2

// inode returns the inode of n with one more open.
func (s *Store) inode(n engine.Node) (*inode, error) {
	ino, err := s.tryInode(n)
	if errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) {
		// Those cached but not open have descriptors to give.
		s.Forget(func(engine.Node) bool { return true })
		ino, err = s.tryInode(n)
	}
	return ino, err
}

func (s *Store) tryInode(n engine.Node) (*inode, error) {
	s.imu.Lock()
	defer s.imu.Unlock()
	ino := s.inodes[n]
	if ino == nil {
		var err error
		if ino, err = s.newInode(n); err != nil {
			return nil, err
		}
		s.inodes[n] = ino
	}
	s.closed.remove(&ino.closed)
	ino.opens++
	return ino, nil
}

func (s *Store) newInode(n engine.Node) (*inode, error) {
	base := "i/" + strconv.FormatUint(s.nextID.Add(1), 10)
	fd, err := unix.Openat(s.dirfd, base, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC|unix.O_LARGEFILE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("stand-in: %w", err)
	}
	fresh, ok := n.(engine.NodeFreshener)
	ino := &inode{s: s, node: n, base: base, fd: fd, lazy: ok && fresh.Prefetches(), chunks: map[int64]*chunk{}, writeLock: newSem()}
	ino.releasing.init()
	return ino, nil
}

// put gives an open back. The inode stays cached, within bounds.
func (s *Store) put(ino *inode) {
	s.imu.Lock()
	ino.opens--
	var drop []*inode
	if ino.opens == 0 {
		if !ino.deleted && ino.worthKeeping() {
			s.closed.push(ino, &ino.closed)
		} else {
			drop = append(drop, ino)
			delete(s.inodes, ino.node)
		}
		for s.closed.n > s.maxClosed {
			old := s.closed.first.of
			s.closed.remove(&old.closed)
			delete(s.inodes, old.node)
			drop = append(drop, old)
		}
	}
	s.imu.Unlock()
	for _, old := range drop {
		old.drop()
	}
}

// worthKeeping tells whether there is anything cached.
func (ino *inode) worthKeeping() bool {
	ino.mu.RLock()
	defer ino.mu.RUnlock()
	return len(ino.chunks) > 0
}

// takeLink returns a name through which the stand-in can be opened.
func (ino *inode) takeLink() (link, error) {
	ino.s.imu.Lock()
	if n := len(ino.spare); n > 0 {
		l := ino.spare[n-1]
		ino.spare = ino.spare[:n-1]
		ino.s.imu.Unlock()
		return l, nil
	}
	ino.s.imu.Unlock()
	return ino.s.links.file(ino.base, ino.lazy)
}

// putLink takes a link back that nothing is open through any more.
func (ino *inode) putLink(l link) {
	ino.s.imu.Lock()
	keep := len(ino.spare) < maxSpareLinks
	if keep {
		ino.spare = append(ino.spare, l)
	}
	ino.s.imu.Unlock()
	if !keep {
		ino.s.links.remove(l, 0)
	}
}

// drop removes the stand-in of an inode that is neither open nor in Store.inodes.
func (ino *inode) drop() {
	ino.mu.Lock()
	ino.gone = true
	for _, ch := range ino.chunks {
		ino.s.cache.remove(ch)
	}
	clear(ino.chunks)
	unix.Close(ino.fd)
	ino.mu.Unlock()
	for _, l := range ino.spare {
		ino.s.links.remove(l, 0)
	}
	if err := unix.Unlinkat(ino.s.dirfd, ino.base, 0); err != nil {
		ino.s.log(engine.LogWarning, "stand-in %s: %v", ino.base, err)
	}
}

// Forget drops the cached contents of inodes that are not open and that match says yes to: those of a
// file system that is unmounted, or of a file that was deleted. match must not call back.
func (s *Store) Forget(match func(engine.Node) bool) {
	s.imu.Lock()
	var drop []*inode
	for p := s.closed.first; p != nil; {
		ino := p.of
		p = p.next
		if match(ino.node) {
			s.closed.remove(&ino.closed)
			delete(s.inodes, ino.node)
			drop = append(drop, ino)
		}
	}
	s.imu.Unlock()
	for _, ino := range drop {
		ino.drop()
	}
}

// Drop drops the cached contents of n, at once or when it is closed: its last name was removed.
func (s *Store) Drop(n engine.Node) {
	s.imu.Lock()
	ino := s.inodes[n]
	if ino == nil || ino.opens > 0 {
		if ino != nil {
			ino.deleted = true
		}
		s.imu.Unlock()
		return
	}
	s.closed.remove(&ino.closed)
	delete(s.inodes, n)
	s.imu.Unlock()
	ino.drop()
}
