// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"bytes"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
)

// freshNode is a fakeNode of a file system that tells when it must be asked.
type freshNode struct {
	fakeNode
	fresh      time.Duration
	lazy       bool // not to be read before somebody wants to
	asked      atomic.Int64
	revalidate func()
}

func (n *freshNode) Fresh() time.Duration { return n.fresh }
func (n *freshNode) Prefetches() bool     { return !n.lazy }

func (n *freshNode) Revalidate(engine.Call) error {
	n.asked.Add(1)
	if n.revalidate != nil {
		n.revalidate()
	}
	return nil
}

func openFresh(t *testing.T, s *Store, n *freshNode, flags int) (*Open, int) {
	t.Helper()
	o, fd, err := s.Open(enginetest.NewCall(), Spec{Node: n, File: &fakeFile{&n.fakeNode}, Flags: flags})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		unix.Close(fd)
		s.Drain(enginetest.NewCall())
	})
	return o, fd
}

// openReader is an open file that is read natively.
func openReader(t *testing.T, s *Store, n *freshNode) (*Open, int) {
	t.Helper()
	o, fd := openFresh(t, s, n, unix.O_RDONLY)
	if !o.ReadNatively(enginetest.NewCall()) {
		t.Fatal("it is not read natively")
	}
	return o, fd
}

// shows compares what the kernel reads with what it should.
func shows(t *testing.T, fd int, want []byte) {
	t.Helper()
	p := make([]byte, len(want)+1)
	n, err := unix.Pread(fd, p, 0)
	if err != nil || !bytes.Equal(p[:n], want) {
		t.Errorf("%d bytes (%v), want %d, differ at %d", n, err, len(want), differ(p[:max(n, 0)], want))
	}
}

func TestReadNativelyRefused(t *testing.T) {
	c := enginetest.NewCall()
	for name, x := range map[string]struct {
		n     *freshNode
		flags int
	}{
		"for writing too":   {&freshNode{fresh: -1}, unix.O_RDWR},
		"for writing":       {&freshNode{fresh: -1}, unix.O_WRONLY},
		"direct":            {&freshNode{fresh: -1}, unix.O_RDONLY | unix.O_DIRECT},
		"not cached":        {&freshNode{fresh: -1, fakeNode: fakeNode{policy: engine.CacheNone}}, unix.O_RDONLY},
		"changes unseen":    {&freshNode{fresh: 0}, unix.O_RDONLY},
		"changes often":     {&freshNode{fresh: time.Millisecond}, unix.O_RDONLY},
		"big, not read yet": {&freshNode{fresh: -1, fakeNode: fakeNode{data: pattern(1 << 20)}}, unix.O_RDONLY},
		"not to be read":    {&freshNode{fresh: -1, lazy: true, fakeNode: fakeNode{data: pattern(10)}}, unix.O_RDONLY},
		"dropped at open":   {&freshNode{fresh: -1, fakeNode: fakeNode{policy: engine.CacheOpen}}, unix.O_RDONLY},
		"unreadable":        {&freshNode{fresh: -1, fakeNode: fakeNode{data: pattern(10), readErr: unix.EIO}}, unix.O_RDONLY},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			o, _ := openFresh(t, s, x.n, x.flags)
			if o.ReadNatively(c) || o.Native() {
				t.Error("read natively")
			}
			if b := s.cache.bound.Load(); b != 0 {
				t.Errorf("%d bytes bound", b)
			}
		})
	}
}

// A big file is read natively once all of it is cached, within the limit.
func TestReadNativelyBig(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n := &freshNode{fresh: -1, fakeNode: fakeNode{data: pattern(3 << 20)}}
	o, _ := openFresh(t, s, n, unix.O_RDONLY)
	if _, err := o.ReadAt(c, make([]byte, 3<<20), 0); err != nil {
		t.Fatal(err)
	}
	_, fd := openReader(t, s, n)
	shows(t, fd, n.contents())
	s.SetLimit(1 << 20)
	shows(t, fd, n.contents()) // nothing of it may be evicted
	other := &freshNode{fresh: -1, fakeNode: fakeNode{data: pattern(1000)}}
	if o, _ := openFresh(t, s, other, unix.O_RDONLY); o.ReadNatively(c) {
		t.Error("more is bound than the cache may have")
	}
}

// However the file changes, who reads natively sees it.
func TestReadNativelySeesChanges(t *testing.T) {
	c := enginetest.NewCall()
	more := pattern(9000)
	for name, change := range map[string]func(t *testing.T, s *Store, n *freshNode, w *Open){
		"overwritten": func(_ *testing.T, _ *Store, _ *freshNode, w *Open) { w.WriteAt(c, more[:100], 50) },
		"appended":    func(_ *testing.T, _ *Store, _ *freshNode, w *Open) { w.WriteAt(c, more, 5000) },
		"zeros":       func(_ *testing.T, _ *Store, _ *freshNode, w *Open) { w.WriteAt(c, make([]byte, 20000), 5000) },
		"behind a hole": func(_ *testing.T, _ *Store, _ *freshNode, w *Open) {
			w.WriteAt(c, more, 50000)
		},
		"cut off":  func(_ *testing.T, _ *Store, _ *freshNode, w *Open) { w.Truncate(c, 123) },
		"extended": func(_ *testing.T, _ *Store, _ *freshNode, w *Open) { w.Truncate(c, 12345) },
		"cut off and extended": func(_ *testing.T, _ *Store, _ *freshNode, w *Open) {
			w.Truncate(c, 10)
			w.Truncate(c, 5000)
		},
		"punched": func(_ *testing.T, _ *Store, _ *freshNode, w *Open) {
			w.Allocate(c, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 100, 4500)
		},
		"invalidated": func(_ *testing.T, s *Store, n *freshNode, _ *Open) {
			n.mu.Lock()
			copy(n.data, more)
			n.mu.Unlock()
			s.Pages(n).Invalidate(0, -1)
			s.Drain(c)
		},
		"stored": func(_ *testing.T, s *Store, n *freshNode, _ *Open) {
			n.mu.Lock()
			n.data = append(n.data, more...)
			n.mu.Unlock()
			s.Pages(n).Store(5000, more)
			s.Drain(c)
		},
		"resized": func(_ *testing.T, s *Store, n *freshNode, _ *Open) {
			n.mu.Lock()
			n.data = append(n.data, more...)
			n.mu.Unlock()
			s.Pages(n).Resize(14000)
			s.Drain(c)
		},
		"opened with O_TRUNC": func(t *testing.T, s *Store, n *freshNode, _ *Open) {
			n.mu.Lock()
			n.data = nil
			n.mu.Unlock()
			openFresh(t, s, n, unix.O_WRONLY|unix.O_TRUNC)
		},
		"opened without keeping the cache": func(t *testing.T, s *Store, n *freshNode, _ *Open) {
			n.mu.Lock()
			n.policy = engine.CacheOpen
			copy(n.data, more)
			n.mu.Unlock()
			openFresh(t, s, n, unix.O_RDONLY)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			n := &freshNode{fresh: -1, fakeNode: fakeNode{data: pattern(5000)}}
			_, fd := openReader(t, s, n)
			w, _ := openFresh(t, s, n, unix.O_RDWR)
			change(t, s, n, w)
			shows(t, fd, n.contents())
			p := make([]byte, 1<<20)
			if k, err := w.ReadAt(c, p, 0); err != nil || !bytes.Equal(p[:k], n.contents()) {
				t.Errorf("read otherwise: %d, %v", k, err)
			}
		})
	}
}

// Who reads natively never sees zeros where somebody is just appending.
func TestReadNativelyWhileGrowing(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n := &freshNode{fresh: -1, fakeNode: fakeNode{data: pattern(100), jitter: true}}
	_, fd := openReader(t, s, n)
	w, _ := openFresh(t, s, n, unix.O_RDWR)
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range 200 {
			n.mu.Lock()
			size := int64(len(n.data))
			n.mu.Unlock()
			if i%5 == 4 { // somebody else
				n.mu.Lock()
				n.data = append(n.data, pattern(3000)...)
				n.mu.Unlock()
				s.Pages(n).Resize(size + 3000)
				continue
			}
			w.WriteAt(c, pattern(5000), size)
		}
	})
	done := make(chan struct{})
	go func() {
		wg.Wait()
		close(done)
	}()
	p := make([]byte, 2<<20)
	for {
		k, err := unix.Pread(fd, p, 0)
		if err != nil {
			t.Fatal(err)
		}
		if at := bytes.IndexByte(p[:k], 0); at >= 0 {
			t.Fatalf("a zero at %d of %d", at, k)
		}
		select {
		case <-done:
			s.Drain(c)
			shows(t, fd, n.contents())
			return
		default:
		}
	}
}

// A file system that tells only who asks is asked as often as it wants to be, until the file is closed.
func TestReadNativelyAsks(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n := &freshNode{fresh: minFresh, fakeNode: fakeNode{data: pattern(5000)}}
	changed := make(chan struct{}, 100)
	n.revalidate = func() {
		n.mu.Lock()
		copy(n.data, "changed")
		n.mu.Unlock()
		s.Pages(n).Invalidate(0, -1)
		changed <- struct{}{}
	}
	o, fd, err := s.Open(c, Spec{Node: n, File: &fakeFile{&n.fakeNode}, Flags: unix.O_RDONLY})
	if err != nil || !o.ReadNatively(c) {
		t.Fatal(err)
	}
	for range 2 {
		<-changed
	}
	s.Drain(c)
	shows(t, fd, n.contents())
	ino := o.ino
	unix.Close(fd)
	s.Drain(c)
	ino.mu.Lock()
	defer ino.mu.Unlock()
	if ino.timer != nil || s.cache.bound.Load() != 0 {
		t.Error("it goes on after the last close")
	}
}

// Holes are where the file system says, not where the stand-in has none.
func TestReadNativelyHoles(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n := &freshNode{fresh: -1, fakeNode: fakeNode{data: make([]byte, 9000)}}
	o, fd := openReader(t, s, n)
	for whence, want := range map[int]int64{unix.SEEK_HOLE: 9000, unix.SEEK_DATA: 5} {
		if at, err := o.Seek(c, fd, 5, whence); at != want || err != nil {
			t.Errorf("whence %d: %d, %v, want %d", whence, at, err, want)
		}
		if at, err := unix.Seek(fd, 0, unix.SEEK_CUR); at != want || err != nil {
			t.Errorf("the offset is %d, %v, want %d", at, err, want)
		}
	}
}
