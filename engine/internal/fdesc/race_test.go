// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine/enginetest"
)

// What was invalidated while it was loaded must not stay in the cache.
func TestInvalidateRacesLoad(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n := &fakeNode{data: pattern(8192)}
	o, fd := open(t, s, n, unix.O_RDONLY)
	defer unix.Close(fd)
	now := pattern(8191)
	n.onRead = func() {
		n.onRead = nil
		n.mu.Lock()
		copy(n.data, now)
		n.mu.Unlock()
		s.Pages(n).Invalidate(0, 1)
	}
	p := make([]byte, 4096)
	o.ReadAt(c, p, 0)
	if k, err := o.ReadAt(c, p, 0); k != 4096 || err != nil || !bytes.Equal(p, now[:4096]) {
		t.Errorf("stale data (%d, %v)", k, err)
	}
}

// Different ranges load at the same time; the same range loads once, and who waits for it says so.
func TestParallelLoads(t *testing.T) {
	s := newStore(t)
	n := &fakeNode{data: pattern(4 << 20)}
	o, fd := open(t, s, n, unix.O_RDONLY)
	defer unix.Close(fd)
	arrived, proceed := make(chan bool, 10), make(chan bool)
	n.onRead = func() { arrived <- true; <-proceed }
	var wg sync.WaitGroup
	calls := []*enginetest.Call{enginetest.NewCall(), enginetest.NewCall(), enginetest.NewCall()}
	read := func(i int, off int64) {
		wg.Go(func() {
			p := make([]byte, 4096)
			if k, err := o.ReadAt(calls[i], p, off); k != 4096 || err != nil || !bytes.Equal(p, n.data[off:off+4096]) {
				t.Errorf("read %d: %d, %v", i, k, err)
			}
		})
	}
	read(0, 2<<20)
	<-arrived
	read(1, 3<<20)
	<-arrived // while the first is still under way
	read(2, 2<<20)
	for !calls[2].Blocked() {
		unix.Getpid()
	}
	close(proceed)
	wg.Wait()
	if got := n.reads.Load(); got != 2 {
		t.Errorf("%d requests, want 2", got)
	}
	if calls[0].Blocked() {
		t.Error("a load of one's own was announced as waiting")
	}
}

func TestInterruptedWait(t *testing.T) {
	s := newStore(t)
	n := &fakeNode{data: pattern(8192)}
	o, fd := open(t, s, n, unix.O_RDONLY)
	defer unix.Close(fd)
	arrived, proceed := make(chan bool), make(chan bool)
	n.onRead = func() { arrived <- true; <-proceed }
	done := make(chan bool)
	go func() {
		o.ReadAt(enginetest.NewCall(), make([]byte, 10), 0)
		close(done)
	}()
	<-arrived
	c := enginetest.NewCall()
	c.Stop = make(chan struct{})
	close(c.Stop)
	if _, err := o.ReadAt(c, make([]byte, 10), 0); err != unix.EINTR {
		t.Errorf("interrupted wait: %v", err)
	}
	close(proceed)
	<-done
}

// Pages hold a number that only grows, in all words. A reader must never see it go down, whatever is
// read, written, invalidated and evicted meanwhile.
func TestNoStaleReads(t *testing.T) {
	s := newStore(t)
	s.SetLimit(64 << 10)
	const pages = 64
	n := &fakeNode{data: make([]byte, pages*pageSize), jitter: true}
	var newest [pages]atomic.Uint64
	o, fd := open(t, s, n, unix.O_RDWR)
	defer unix.Close(fd)
	rounds := 3000
	if testing.Short() {
		rounds = 300
	}
	var wg sync.WaitGroup
	for w := range 2 {
		wg.Go(func() { // writers, through the cache or behind its back
			p := make([]byte, pageSize)
			for i := range rounds {
				page := rand.IntN(pages/2)*2 + w
				v := newest[page].Load() + 1
				for j := 0; j < len(p); j += 8 {
					binary.NativeEndian.PutUint64(p[j:], v)
				}
				if i%3 == 0 {
					n.mu.Lock()
					copy(n.data[page*pageSize:], p)
					n.mu.Unlock()
					s.Pages(n).Invalidate(int64(page)*pageSize, pageSize)
				} else if _, err := o.WriteAt(enginetest.NewCall(), p, int64(page)*pageSize); err != nil {
					t.Error(err)
				}
				newest[page].Store(v)
			}
		})
	}
	for range 3 {
		wg.Go(func() {
			p := make([]byte, pageSize)
			for range rounds {
				page := rand.IntN(pages)
				atLeast := newest[page].Load()
				if k, err := o.ReadAt(enginetest.NewCall(), p, int64(page)*pageSize); k != pageSize || err != nil {
					t.Error(k, err)
				}
				if v := binary.NativeEndian.Uint64(p); v < atLeast {
					t.Errorf("page %d: read %d, %d was complete before", page, v, atLeast)
					return
				}
			}
		})
	}
	wg.Wait()
}

// Opens, reads and closes of few inodes from many goroutines.
func TestOpenCloseRace(t *testing.T) {
	s := newStore(t)
	s.maxClosed = 2
	var nodes [6]fakeNode
	for i := range nodes {
		nodes[i].data = pattern(9000 + i)
	}
	var wg sync.WaitGroup
	var opened atomic.Int64
	for range 6 {
		wg.Go(func() {
			c := enginetest.NewCall()
			p := make([]byte, 20000)
			for range 200 {
				n := &nodes[rand.IntN(len(nodes))]
				o, fd, err := s.Open(c, Spec{Node: n, File: &fakeFile{n}, Flags: unix.O_RDWR})
				if err != nil {
					t.Error(err)
					return
				}
				opened.Add(1)
				if k, err := o.ReadAt(c, p, 0); err != nil || !bytes.Equal(p[:k], n.data) {
					t.Error(k, err)
				}
				unix.Close(fd)
				if rand.IntN(20) == 0 {
					s.Drop(n)
				}
			}
		})
	}
	wg.Wait()
	s.Drain(enginetest.NewCall())
	var released int64
	for i := range nodes {
		released += nodes[i].released.Load()
	}
	if released != opened.Load() || s.Live() != 0 {
		t.Errorf("released %d of %d, live %d", released, opened.Load(), s.Live())
	}
}
