// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Logger prints one line of umvu's log.
type Logger func(level engine.Level, format string, a ...any)

// Store has all open virtual files of a hypervisor. Its methods may be called from any goroutine.
type Store struct {
	dir    string // canonical, as /proc/TID/fd shows it
	prefix string // dir + "/w"
	dirfd  int
	log    Logger
	full   atomic.Bool // tmpfs was full once

	// Background is the call for what is done without a guest, where [Spec] does not say another. It is umvu's
	// own identity without a view unless set before the first open.
	Background engine.Call

	live   atomic.Int64
	backed atomic.Int32 // descriptors of backings
	nextID atomic.Uint64

	mu      sync.RWMutex
	opens   map[uint64]*Open
	streams map[uint64]*Open

	backings backings // of those in opens

	imu       sync.Mutex
	inodes    map[engine.Node]*inode
	closed    queue[inode] // the inodes that are closed and still cached, longest closed first
	maxClosed int

	links    linkPool
	cache    lru
	releases pending
}

// NewStore makes a store whose stand-ins live in dir, an existing empty directory of tmpfs that
// only umvu can enter. log may be nil.
func NewStore(dir string, log Logger) (*Store, error) {
	if log == nil {
		log = func(engine.Level, string, ...any) {}
	}
	dir, err := filepath.EvalSymlinks(dir)
	if err == nil {
		dir, err = filepath.Abs(dir)
	}
	if err != nil {
		return nil, err
	}
	dirfd, err := unix.Open(dir, unix.O_DIRECTORY|unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	s := &Store{
		dir: dir, prefix: dir + "/w", dirfd: dirfd, log: log,
		opens: map[uint64]*Open{}, streams: map[uint64]*Open{}, inodes: map[engine.Node]*inode{},
	}
	s.maxClosed = closedLimit()
	s.Background = background{}
	s.cache.limit.Store(s.defaultLimit())
	s.releases.init()
	s.links.init(s)
	if err := s.prepare(); err != nil {
		unix.Close(dirfd)
		return nil, err
	}
	return s, nil
}

// prepare makes the subdirectories: i for the stand-ins themselves, w0 for the links.
func (s *Store) prepare() error {
	if err := unix.Mkdirat(s.dirfd, "i", 0o700); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("%s/i: %w", s.dir, err)
	}
	_, err := s.links.grow()
	return err
}

// maxClosed bounds how many closed inodes stay cached. With its names in tmpfs, each takes about 2 KiB beside its pages.
const maxClosed = 16 << 10

// closedLimit is how many closed inodes may stay cached: each keeps one descriptor, of which half are left for all else.
func closedLimit() int {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		r.Cur = 1024
	}
	return int(min(r.Cur/2, maxClosed))
}

// Dir is the directory with the stand-ins.
func (s *Store) Dir() string { return s.dir }

// Live is the number of open files and streams.
func (s *Store) Live() int { return int(s.live.Load()) }

// Each calls f for every open file and stream.
func (s *Store) Each(f func(*Open)) {
	s.mu.RLock()
	all := make([]*Open, 0, len(s.opens)+len(s.streams))
	all = slices.AppendSeq(all, maps.Values(s.opens))
	all = slices.AppendSeq(all, maps.Values(s.streams))
	s.mu.RUnlock()
	for _, o := range all {
		f(o)
	}
}

// Close releases whatever is still open, waits for it and removes the stand-ins. The
// guests must be gone, and no other method may be called any more.
func (s *Store) Close() {
	s.links.stop()
	s.Each(s.begin)
	s.releases.wait()
	s.Forget(func(engine.Node) bool { return true })
	unix.Close(s.dirfd)
	entries, err := os.ReadDir(s.dir)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(s.dir, e.Name())))
	}
	if err != nil {
		s.log(engine.LogWarning, "stand-ins: %v", err)
	}
}
