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
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// shard is a directory of links and the inotify instance that watches it.
type shard struct {
	s    *Store
	n    int
	lazy bool // see watchLazily
	used int  // links there are; guarded by linkPool.mu

	fd   int    // the inotify instance, non-blocking
	stop func() // ends the watcher and closes fd

	mu  sync.Mutex // one reader of the queue at a time
	buf [64 << 10]byte
}

func newShard(s *Store, n int, lazy bool) (*shard, error) {
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
	sh := &shard{s: s, n: n, lazy: lazy, fd: fd}
	watch := sh.watch
	if lazy {
		watch = sh.watchLazily
	}
	if err := watch(); err != nil {
		unix.Close(fd)
		return nil, err
	}
	return sh, nil
}

// watch starts the goroutine that handles events as they come.
func (sh *shard) watch() error {
	file := os.NewFile(uintptr(sh.fd), "inotify") // for Go's poller
	conn, err := file.SyscallConn()
	if err != nil {
		return err
	}
	var quit atomic.Bool
	done := make(chan struct{})
	sh.stop = func() {
		quit.Store(true)
		file.Close()
		<-done
	}
	go func() {
		defer close(done)
		err := conn.Read(func(uintptr) bool {
			sh.drain()
			return false // wait for more
		})
		if err != nil && !quit.Load() {
			sh.s.log(engine.LogErr, "inotify: %v", err)
		}
	}()
	return nil
}

// gatherTime is how long events of a lazy shard gather before they are looked at once more.
const gatherTime = time.Millisecond

// watchLazily is watch for files of which nobody outside is told that they are closed. To be woken for each close would cost a
// guest that opens one file after the other more than the close itself, and Go's poller would be, even while nobody waits
// for it.
func (sh *shard) watchLazily() error {
	quit, err := unix.Eventfd(0, unix.EFD_CLOEXEC)
	if err != nil {
		return fmt.Errorf("eventfd: %w", err)
	}
	done := make(chan struct{})
	sh.stop = func() {
		_, _ = unix.Write(quit, []byte{7: 1}) // any number but 0
		<-done
		unix.Close(quit)
		unix.Close(sh.fd)
	}
	go func() {
		defer close(done)
		p := [...]unix.PollFd{{Fd: int32(sh.fd), Events: unix.POLLIN}, {Fd: int32(quit), Events: unix.POLLIN}}
		for p[1].Revents == 0 {
			if _, err := unix.Poll(p[:], -1); err != nil && err != unix.EINTR {
				sh.s.log(engine.LogErr, "inotify: %v", err)
				return
			}
			sh.drain()
			time.Sleep(gatherTime)
		}
	}()
	return nil
}

// drain handles all events that are queued now.
func (sh *shard) drain() {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	for {
		n, err := unix.Read(sh.fd, sh.buf[:])
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
	s.closedBacked()
}

// Settle is for who is about to remove a name of n or to lock it: the last closes of n that have happened up to now are told to the
// server before, as the kernel does. One that still thinks the file open may keep it under another name (hard_remove of libfuse), or give up
// the new lock with the old descriptor.
func (s *Store) Settle(c engine.Call, n engine.Node) {
	s.imu.Lock()
	ino := s.inodes[n]
	open := ino != nil && ino.opens > 0 && !ino.lazy
	s.imu.Unlock()
	if !open {
		return
	}
	s.Closed()
	if !ino.releasing.idle() {
		c.Block()
		ino.releasing.wait()
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
