// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

const (
	// DefaultLimit is how much space the copies that nobody uses may take, in bytes.
	DefaultLimit = 256 << 20

	// DefaultMaxFile is the size of the largest binary that is copied, in bytes.
	DefaultMaxFile = 4 << 30

	// maxEntries bounds the copies kept, since each holds a descriptor.
	maxEntries = 512

	// nameCost is what one more name of a copy counts, in bytes.
	nameCost = 4096
)

// CacheOptions bounds a cache; zero values mean the defaults.
type CacheOptions struct {
	Limit   int64
	MaxFile int64
}

// Cache keeps copies of virtual binaries in one directory. Each copy has a
// directory of its own, in which the file stands under its own name. The least
// recently used copies that nobody holds are removed when there are too many; a
// program that still runs from one keeps its file, as with any unlinked file.
type Cache struct {
	dir     string
	limit   int64
	maxFile int64

	leasing sync.Mutex // held by Running

	mu      sync.Mutex // guards what follows and the entries' mutable fields
	entries map[slot]*entry
	recent  *list.List // of *entry, the most recently used in front
	bytes   int64
	next    uint64 // name of the next copy's directory
	closed  bool
}

// entry is one copy.
type entry struct {
	slot  slot
	stamp stamp
	dir   string
	fd    int // of dir

	ready chan struct{} // closed when the copy is complete or has failed
	err   error         // valid after ready

	refs  int
	cost  int64
	first string // a name that exists for as long as the copy
	names map[string]struct{}
	elem  *list.Element // nil when the entry is out of the cache
}

// NewCache returns an empty cache. dir must exist, belong to umvu alone and allow
// execution; its ancestors must be searchable for guests if loaders are copied,
// since these are opened by path.
func NewCache(dir string, opts CacheOptions) (*Cache, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if opts.Limit == 0 {
		opts.Limit = DefaultLimit
	}
	if opts.MaxFile == 0 {
		opts.MaxFile = DefaultMaxFile
	}
	return &Cache{dir: abs, limit: opts.Limit, maxFile: opts.MaxFile,
		entries: make(map[slot]*entry), recent: list.New()}, nil
}

// Copy returns a copy of src, a new one if there is none that is still good. It
// reads src.Content without holding a lock, so it may wait for whatever that waits
// for; callers that want the same copy wait for the first. ctx ends the wait.
//
// Errors: EINVAL, ENAMETOOLONG and EFBIG for a source that cannot be copied, EIO if
// the content ends before its size, ENOEXEC and others of [Probe] if Interp is to be
// replaced, errors of the content and of the directory, of ctx; ESHUTDOWN.
func (c *Cache) Copy(ctx context.Context, src Source) (*Binary, error) {
	if err := src.check(c.maxFile); err != nil {
		return nil, err
	}
	for {
		e, mine, err := c.take(&src)
		if err != nil {
			return nil, err
		}
		if mine {
			c.complete(e, c.fill(ctx, e, &src))
		} else {
			select {
			case <-e.ready:
			case <-ctx.Done():
				c.release(e)
				return nil, ctx.Err()
			}
		}
		if e.err == nil {
			return c.named(e, src.Name)
		}
		err = e.err
		c.release(e)
		// Whoever made the copy may have been told to stop; we have not.
		if mine || ctx.Err() != nil || !isContextError(err) {
			return nil, fmt.Errorf("copy %q: %w", src.Name, err)
		}
	}
}

func isContextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// take returns the entry for src with a reference, and whether it is new and to be
// filled by the caller.
func (c *Cache) take(src *Source) (e *entry, mine bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, false, unix.ESHUTDOWN
	}
	if e := c.entries[src.slot()]; e != nil {
		if e.stamp == src.stamp() {
			e.refs++
			c.recent.MoveToFront(e.elem)
			return e, false, nil
		}
		c.drop(e)
	}
	e = &entry{slot: src.slot(), stamp: src.stamp(), fd: -1, refs: 1,
		dir:   filepath.Join(c.dir, fmt.Sprintf("%d", c.next)),
		ready: make(chan struct{}), names: make(map[string]struct{})}
	c.next++
	c.entries[e.slot] = e
	e.elem = c.recent.PushFront(e)
	return e, true, nil
}

// complete makes the outcome of filling e known.
func (c *Cache) complete(e *entry, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.err = err
	close(e.ready)
	if err != nil {
		c.drop(e)
	}
	if e.elem != nil {
		c.bytes += e.cost
	}
	c.evict()
}
