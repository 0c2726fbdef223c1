// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// link is a name in a watched directory through which an open file is opened.
type link struct {
	sh *shard
	id uint64
}

// name is the link's path below the store's directory, wSHARD/oID.
func (l link) name() string {
	var b [48]byte
	p := strconv.AppendInt(append(b[:0], 'w'), int64(l.sh.n), 10)
	p = strconv.AppendUint(append(p, "/o"...), l.id, 10)
	return string(p)
}

// linkPool hands out links. A link counts against its shard until it is removed.
type linkPool struct {
	s        *Store
	capacity int // links per shard, so that its queue cannot overflow

	mu     sync.Mutex
	shards []*shard
	dirs   []link // spare empty directories
}

// maxSpareDirs is how many empty directories are kept for the next open.
const maxSpareDirs = 16

func (p *linkPool) init(s *Store) {
	p.s = s
	p.capacity = 1024
	if b, err := os.ReadFile("/proc/sys/fs/inotify/max_queued_events"); err == nil {
		if n, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil {
			p.capacity = n
		}
	}
	// An overflow is announced when the queue holds capacity events.
	p.capacity = max(p.capacity-1, 1)
}

// reserve takes a place for a new link; an error is ENFILE.
func (p *linkPool) reserve(lazy bool) (link, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, sh := range p.shards {
		if sh.lazy == lazy && sh.used < p.capacity {
			sh.used++
			return link{sh, p.s.nextID.Add(1)}, nil
		}
	}
	sh, err := p.growLocked(lazy)
	if err != nil {
		return link{}, fmt.Errorf("too many open virtual files: %w (%w)", unix.ENFILE, err)
	}
	sh.used++
	return link{sh, p.s.nextID.Add(1)}, nil
}

// cancel gives the place of a link that is not there (any more) back.
func (p *linkPool) cancel(l link) {
	p.mu.Lock()
	l.sh.used--
	p.mu.Unlock()
}

// file makes a link to the stand-in named base.
func (p *linkPool) file(base string, lazy bool) (link, error) {
	l, err := p.reserve(lazy)
	if err != nil {
		return link{}, err
	}
	if err := unix.Linkat(p.s.dirfd, base, p.s.dirfd, l.name(), 0); err != nil {
		p.cancel(l)
		return link{}, fmt.Errorf("stand-in link: %w", err)
	}
	return l, nil
}

// dir makes an empty directory, or takes a spare one.
func (p *linkPool) dir() (link, error) {
	p.mu.Lock()
	if n := len(p.dirs); n > 0 {
		l := p.dirs[n-1]
		p.dirs = p.dirs[:n-1]
		p.mu.Unlock()
		return l, nil
	}
	p.mu.Unlock()
	l, err := p.reserve(false)
	if err != nil {
		return link{}, err
	}
	if err := unix.Mkdirat(p.s.dirfd, l.name(), 0o700); err != nil {
		p.cancel(l)
		return link{}, fmt.Errorf("stand-in directory: %w", err)
	}
	return l, nil
}

// putDir keeps or removes a directory that is not open any more.
func (p *linkPool) putDir(l link) {
	p.mu.Lock()
	keep := len(p.dirs) < maxSpareDirs
	if keep {
		p.dirs = append(p.dirs, l)
	}
	p.mu.Unlock()
	if !keep {
		p.remove(l, unix.AT_REMOVEDIR)
	}
}

func (p *linkPool) remove(l link, flags int) {
	if err := unix.Unlinkat(p.s.dirfd, l.name(), flags); err != nil {
		p.s.log(engine.LogWarning, "stand-in %s: %v", l.name(), err)
	}
	p.cancel(l)
}

func (p *linkPool) grow() (*shard, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.growLocked(false)
}

func (p *linkPool) growLocked(lazy bool) (*shard, error) {
	sh, err := newShard(p.s, len(p.shards), lazy)
	if err != nil {
		return nil, err
	}
	p.shards = append(p.shards, sh)
	return sh, nil
}

// all returns the shards there are now.
func (p *linkPool) all() []*shard {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.shards[:len(p.shards):len(p.shards)]
}

func (p *linkPool) stop() {
	for _, sh := range p.all() {
		sh.drain()
		sh.stop()
	}
}
