// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"bytes"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
)

func TestPagesStoreRetrieve(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n := &fakeNode{data: pattern(10000)}
	if s.Pages(n) != nil {
		t.Fatal("pages of a file that nobody opened")
	}
	o, fd := open(t, s, n, unix.O_RDONLY)
	defer unix.Close(fd)
	pages := s.Pages(n)
	p := make([]byte, 10000)
	if k := pages.Retrieve(0, p); k != 0 {
		t.Errorf("%d bytes of nothing", k)
	}
	pages.Store(4096, n.data[4096:])
	pages.Store(1, n.data[1:10]) // not a whole page
	if k := pages.Retrieve(0, p); k != 0 {
		t.Errorf("%d bytes of a page that is not whole", k)
	}
	if k := pages.Retrieve(5000, p); k != 5000 || !bytes.Equal(p[:k], n.data[5000:]) {
		t.Errorf("retrieved %d", k)
	}
	if k, err := o.ReadAt(c, p, 4096); k != 5904 || err != nil || n.reads.Load() != 0 {
		t.Errorf("read %d, %v, %d requests", k, err, n.reads.Load())
	}
	n.mu.Lock()
	n.setSize(4000)
	n.mu.Unlock()
	pages.Resize(4000)
	if k := pages.Retrieve(4096, p); k != 0 {
		t.Errorf("%d bytes behind the end", k)
	}
	if k, err := o.ReadAt(c, p, 3999); k != 1 || err != nil {
		t.Errorf("read %d, %v", k, err)
	}
}

func TestEviction(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	s.SetLimit(2 << 20)
	n := &fakeNode{data: append(pattern(4<<20), pattern(4<<20)...)}
	o, fd := open(t, s, n, unix.O_RDONLY)
	mapped, fd2 := open(t, s, n, unix.O_RDONLY)
	if err := mapped.Map(c, 4096, 8192, unix.PROT_READ, unix.MAP_PRIVATE); err != nil {
		t.Fatal(err)
	}
	m, err := unix.Mmap(fd2, 4096, 8192, unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 64<<10)
	for off := int64(0); off < 8<<20; off += 64 << 10 {
		if k, err := o.ReadAt(c, p, off); k != len(p) || err != nil || !bytes.Equal(p, n.data[off:][:k]) {
			t.Fatalf("read at %d: %d, %v", off, k, err)
		}
		if got := s.CachedBytes(); got > 4<<20 {
			t.Fatalf("%d bytes cached", got)
		}
	}
	var st unix.Stat_t
	if unix.Fstat(fd, &st); st.Blocks*512 > 4<<20 {
		t.Errorf("stand-in takes %d bytes", st.Blocks*512)
	}
	if !bytes.Equal(m, n.data[4096:][:8192]) {
		t.Error("mapped pages were evicted")
	}
	unix.Munmap(m)
	unix.Close(fd)
	unix.Close(fd2)
	s.Drain(c)
	s.SetLimit(0)
	if got := s.CachedBytes(); got != 0 {
		t.Errorf("%d bytes cached with a limit of 0", got)
	}
}

func TestSparse(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n := &fakeNode{data: make([]byte, 1<<20)}
	copy(n.data[500000:], "data")
	o, fd := open(t, s, n, unix.O_RDONLY)
	defer unix.Close(fd)
	p := make([]byte, 1<<20)
	for range 2 {
		if k, err := o.ReadAt(c, p, 0); k != len(p) || err != nil || !bytes.Equal(p, n.data) {
			t.Fatalf("%d, %v", k, err)
		}
	}
	var st unix.Stat_t
	if unix.Fstat(fd, &st); st.Size != 1<<20 || st.Blocks > 8 {
		t.Errorf("stand-in: size %d, %d blocks", st.Size, st.Blocks)
	}
}

// A file that was closed is still cached, until it is dropped, forgotten or there are too many.
func TestReopenWarm(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	s.maxClosed = 3
	var nodes [5]fakeNode
	read := func(n *fakeNode) int64 {
		before := n.reads.Load()
		o, fd := open(t, s, n, unix.O_RDONLY)
		if k, err := o.ReadAt(c, make([]byte, 10), 0); k != 10 || err != nil {
			t.Fatal(k, err)
		}
		unix.Close(fd)
		s.Drain(c)
		return n.reads.Load() - before
	}
	for i := range nodes {
		nodes[i].data = pattern(100)
		read(&nodes[i])
	}
	for _, i := range []int{4, 3, 2} {
		if got := read(&nodes[i]); got != 0 {
			t.Errorf("node %d: %d requests", i, got)
		}
	}
	if read(&nodes[0]) != 1 {
		t.Error("more are cached than there may be")
	}
	s.Drop(&nodes[4])
	if read(&nodes[4]) != 1 {
		t.Error("cached after Drop")
	}
	s.Forget(func(n engine.Node) bool { return n == engine.Node(&nodes[4]) })
	if read(&nodes[4]) != 1 {
		t.Error("cached after Forget")
	}
}

func TestSequentialReadahead(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n := &fakeNode{data: pattern(4 << 20)}
	o, fd := open(t, s, n, unix.O_RDONLY)
	defer unix.Close(fd)
	p := make([]byte, 4096)
	for off := 0; off < len(n.data); off += len(p) {
		if k, err := o.Read(c, fd, p); k != len(p) || err != nil || !bytes.Equal(p, n.data[off:][:k]) {
			t.Fatalf("at %d: %d, %v", off, k, err)
		}
	}
	if got := n.reads.Load(); got > 8 {
		t.Errorf("%d requests", got)
	}
	if k, err := o.Read(c, fd, p); k != 0 || err != nil {
		t.Errorf("at the end: %d, %v", k, err)
	}
}

func TestHotReadAllocatesNothing(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n := &fakeNode{data: pattern(10000)}
	o, fd := open(t, s, n, unix.O_RDONLY)
	defer unix.Close(fd)
	p := make([]byte, 4096)
	if a := testing.AllocsPerRun(1000, func() { o.ReadAt(c, p, 0); o.Read(c, fd, p); o.Seek(c, fd, 0, unix.SEEK_SET) }); a >= 1 {
		t.Errorf("%v allocations", a)
	}
}
