// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// shard is a directory of links and the inotify instance that watches it.
type shard struct {
	s    *Store
	n    int
	used int // links there are; guarded by linkPool.mu

	file *os.File // the inotify instance, non-blocking, for Go's poller
	conn syscall.RawConn
	quit atomic.Bool
	done chan struct{}

	mu  sync.Mutex // one reader of the queue at a time
	buf [64 << 10]byte
}

func newShard(s *Store, n int) (*shard, error) {
	dir := fmt.Sprintf("w%d", n)
	if err := unix.Mkdirat(s.dirfd, dir, 0o700); err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, fmt.Errorf("%s/%s: %w", s.dir, dir, err)
	}
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("inotify_init: %w", err)
	}
	if _, err := unix.InotifyAddWatch(fd, s.dir+"/"+dir, unix.IN_CLOSE|unix.IN_ONLYDIR); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("inotify watch on %s/%s: %w", s.dir, dir, err)
	}
	sh := &shard{s: s, n: n, file: os.NewFile(uintptr(fd), "inotify"), done: make(chan struct{})}
	if sh.conn, err = sh.file.SyscallConn(); err != nil {
		sh.file.Close()
		return nil, err
	}
	go sh.watch()
	return sh, nil
}

// watch handles events until stop.
func (sh *shard) watch() {
	defer close(sh.done)
	err := sh.conn.Read(func(fd uintptr) bool {
		sh.read(int(fd))
		return false // wait for more
	})
	if err != nil && !sh.quit.Load() {
		sh.s.log(engine.LogErr, "inotify: %v", err)
	}
}

func (sh *shard) stop() {
	sh.quit.Store(true)
	sh.file.Close()
	<-sh.done
}

// drain handles all events that are queued now.
func (sh *shard) drain() {
	// Control does not wait for the watcher, which sits in Read.
	_ = sh.conn.Control(func(fd uintptr) { sh.read(int(fd)) })
}

// read handles events until the queue is empty.
func (sh *shard) read(fd int) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for {
		n, err := unix.Read(fd, sh.buf[:])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n <= 0 {
			return
		}
		sh.events(sh.buf[:n])
	}
}

// events decodes struct inotify_event (inotify(7)).
func (sh *shard) events(b []byte) {
	for len(b) >= unix.SizeofInotifyEvent {
		mask := binary.NativeEndian.Uint32(b[4:])
		end := unix.SizeofInotifyEvent + int(binary.NativeEndian.Uint32(b[12:]))
		if end > len(b) {
			return
		}
		name := b[unix.SizeofInotifyEvent:end]
		if i := bytes.IndexByte(name, 0); i >= 0 {
			name = name[:i]
		}
		b = b[end:]
		switch {
		case mask&unix.IN_Q_OVERFLOW != 0:
			sh.s.log(engine.LogErr, "inotify queue overflow: somebody else opened files below %s; some open files will not be released", sh.s.dir)
		case mask&unix.IN_CLOSE != 0:
			if id, ok := linkID(name); ok {
				sh.s.linkClosed(id)
			}
		}
	}
}

// Closed handles the last closes that have happened up to now, without waiting for the releases they cause.
func (s *Store) Closed() {
	for _, sh := range s.links.all() {
		sh.drain()
	}
}

// Drain handles the last closes that have happened up to now and waits for the releases they cause. What a guest
// closed before its present call is released when Drain returns, unless some other process has it
// open: umount needs that.
func (s *Store) Drain(c engine.Call) {
	s.Closed()
	if !s.releases.idle() {
		c.Block()
		s.releases.wait()
	}
}
