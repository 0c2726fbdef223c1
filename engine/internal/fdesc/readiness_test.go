// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
)

// polledFile is a file that is as ready as it is told to be.
type polledFile struct {
	fakeFile
	mu      sync.Mutex
	events  uint32
	err     error
	changed func()
}

func (f *polledFile) Poll(_ engine.Call, changed func()) (uint32, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changed = changed
	return f.events, f.err
}

func (f *polledFile) set(events uint32, err error) {
	f.mu.Lock()
	f.events, f.err = events, err
	f.mu.Unlock()
}

// tell says that the readiness may have changed.
func (f *polledFile) tell() {
	f.mu.Lock()
	changed := f.changed
	f.mu.Unlock()
	changed()
}

func openPolled(t *testing.T, s *Store, f *polledFile, flags int) (*Open, int) {
	t.Helper()
	f.n = &fakeNode{policy: engine.CacheNone}
	o, fd, err := s.Open(enginetest.NewCall(), Spec{Node: f.n, File: f, Flags: flags})
	if err != nil {
		t.Fatal(err)
	}
	return o, fd
}

// polled is what poll(2) says of fd now.
func polled(t *testing.T, fd int, wait time.Duration) int16 {
	t.Helper()
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN | unix.POLLOUT}}
	if _, err := unix.Poll(p, int(wait/time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	return p[0].Revents
}

// TestReadiness shows every state that a stand-in can, and every way from one to another.
func TestReadiness(t *testing.T) {
	const in, out, fail = unix.POLLIN, unix.POLLOUT, unix.POLLERR
	// What the server says, and what a guest of each access mode sees.
	states := []struct {
		said uint32
		seen map[int]int16
	}{
		{0, map[int]int16{unix.O_RDONLY: 0, unix.O_WRONLY: 0, unix.O_RDWR: out}},
		{in, map[int]int16{unix.O_RDONLY: in, unix.O_WRONLY: 0, unix.O_RDWR: in}},
		{out, map[int]int16{unix.O_RDONLY: 0, unix.O_WRONLY: out, unix.O_RDWR: out}},
		{in | out, map[int]int16{unix.O_RDONLY: in, unix.O_WRONLY: out, unix.O_RDWR: in | out}},
		{pollIn&^unix.POLLIN | pollOut&^unix.POLLOUT, map[int]int16{unix.O_RDONLY: in, unix.O_WRONLY: out, unix.O_RDWR: in | out}},
		{fail, map[int]int16{unix.O_RDONLY: in | unix.POLLHUP, unix.O_WRONLY: out | fail, unix.O_RDWR: in | out}},
		{unix.POLLHUP, map[int]int16{unix.O_RDONLY: in | unix.POLLHUP, unix.O_WRONLY: out | fail, unix.O_RDWR: in | out}},
	}
	for _, mode := range []int{unix.O_RDONLY, unix.O_WRONLY, unix.O_RDWR} {
		s := newStore(t)
		for _, from := range states {
			for _, to := range states {
				f := &polledFile{events: from.said}
				o, fd := openPolled(t, s, f, mode)
				if got := polled(t, fd, 0); got != from.seen[mode] {
					t.Errorf("mode %d: opened with events %#x: polls as %#x, want %#x", mode, from.said, got, from.seen[mode])
				}
				f.set(to.said, nil)
				o.Used(enginetest.NewCall())
				if got := polled(t, fd, 0); got != to.seen[mode] {
					t.Errorf("mode %d: events %#x after %#x: polls as %#x, want %#x", mode, to.said, from.said, got, to.seen[mode])
				}
				unix.Close(fd)
			}
		}
	}
}

// TestReadinessNews has a waiter woken by what the file tells of itself, and one for edges by each news.
func TestReadinessNews(t *testing.T) {
	s := newStore(t)
	f := &polledFile{}
	_, fd := openPolled(t, s, f, unix.O_RDONLY)
	defer unix.Close(fd)
	f.set(unix.POLLIN, nil)
	f.tell()
	if got := polled(t, fd, time.Minute); got != unix.POLLIN {
		t.Fatalf("after news: %#x", got)
	}
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(ep)
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET&0xffffffff}
	if err := unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
		t.Fatal(err)
	}
	got := make([]unix.EpollEvent, 1)
	for i := range 3 {
		if i > 0 {
			if n, _ := unix.EpollWait(ep, got, 0); n != 0 {
				t.Error("an edge without news")
			}
			f.tell()
		}
		if n, err := unix.EpollWait(ep, got, 60000); n != 1 {
			t.Fatalf("edge %d: %d, %v", i, n, err)
		}
	}
	f.set(0, unix.ENOTCONN)
	f.tell()
	for polled(t, fd, 0) != unix.POLLIN|unix.POLLHUP {
		polled(t, fd, time.Millisecond)
	}
}

// TestReadinessIsNoFile has what a guest cannot do with a stand-in that only polls, and that nothing of it is left.
func TestReadinessIsNoFile(t *testing.T) {
	s := newStore(t)
	c := enginetest.NewCall()
	o, fd := openPolled(t, s, &polledFile{}, unix.O_RDWR)
	if err := o.Materialize(c, fd); err != unix.EOPNOTSUPP || !o.Device() {
		t.Errorf("materialize: %v, device %v", err, o.Device())
	}
	if err := o.Map(c, 0, 1, unix.PROT_READ, unix.MAP_PRIVATE); err != unix.ENODEV {
		t.Errorf("mmap: %v", err)
	}
	if n, err := o.WriteAt(c, []byte("hello"), 0); n != 5 || err != nil {
		t.Errorf("write: %d, %v", n, err)
	}
	var p [9]byte
	if n, err := o.ReadAt(c, p[:], 0); n != 5 || err != nil {
		t.Errorf("read: %d, %v", n, err)
	}
	unix.Close(fd)
	s.Drain(c)
	if o.File.(*polledFile).n.released.Load() != 1 {
		t.Error("not released after the last close")
	}
	always, fd2 := openPolled(t, s, &polledFile{err: unix.EOPNOTSUPP}, unix.O_RDONLY)
	if always.Device() || polled(t, fd2, 0) != unix.POLLIN|unix.POLLOUT {
		t.Error("a file that is always ready is not a file")
	}
	unix.Close(fd2)
}
