// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
)

// fakeNode is a regular file in memory that can be told to fail.
type fakeNode struct {
	mu       sync.Mutex
	data     []byte
	policy   engine.CachePolicy
	typ      uint32
	readErr  error
	writeErr error
	reads    atomic.Int64
	writes   atomic.Int64
	released atomic.Int64
	onRead   func() // called after the data was read, before it is returned
	jitter   bool
}

type fakeFile struct{ n *fakeNode }

func (n *fakeNode) Type() uint32 {
	if n.typ != 0 {
		return n.typ
	}
	return unix.S_IFREG
}
func (n *fakeNode) Cache() engine.CachePolicy { return n.policy }
func (n *fakeNode) Stat(c engine.Call, st *unix.Statx_t) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	st.Size = uint64(len(n.data))
	return nil
}

func (n *fakeNode) Open(engine.Call, int) (engine.File, error) { return &fakeFile{n}, nil }

func (n *fakeNode) Setattr(c engine.Call, a *engine.SetAttr) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.setSize(a.Size)
	return nil
}

func (n *fakeNode) setSize(size int64) {
	if size <= int64(len(n.data)) {
		n.data = n.data[:size:size]
	} else {
		n.data = append(n.data, make([]byte, size-int64(len(n.data)))...)
	}
}

func (f *fakeFile) Release(engine.Call) { f.n.released.Add(1) }

func (f *fakeFile) ReadAt(c engine.Call, p []byte, off int64) (int, error) {
	f.n.reads.Add(1)
	f.n.mu.Lock()
	err, hook, n := f.n.readErr, f.n.onRead, 0
	if err == nil && off < int64(len(f.n.data)) {
		n = copy(p, f.n.data[off:])
	}
	f.n.mu.Unlock()
	if hook != nil {
		hook()
	}
	f.n.yield()
	return n, err
}

func (n *fakeNode) yield() {
	if n.jitter && rand.IntN(2) == 0 {
		for range rand.IntN(2000) {
			n.reads.Load()
		}
	}
}

func (f *fakeFile) WriteAt(c engine.Call, p []byte, off int64) (int, error) {
	f.n.writes.Add(1)
	f.n.mu.Lock()
	defer f.n.yield()
	defer f.n.mu.Unlock()
	if f.n.writeErr != nil {
		return 0, f.n.writeErr
	}
	if end := off + int64(len(p)); end > int64(len(f.n.data)) {
		f.n.setSize(end)
	}
	return copy(f.n.data[off:], p), nil
}

func (f *fakeFile) Fallocate(c engine.Call, mode uint32, off, length int64) error {
	f.n.mu.Lock()
	defer f.n.mu.Unlock()
	d := f.n.data
	switch {
	case mode&unix.FALLOC_FL_PUNCH_HOLE != 0:
		if off < int64(len(d)) {
			clear(d[off:min(int64(len(d)), off+length)])
		}
	case mode&unix.FALLOC_FL_COLLAPSE_RANGE != 0:
		if off+length >= int64(len(d)) {
			return unix.EINVAL
		}
		f.n.data = append(append([]byte(nil), d[:off]...), d[off+length:]...)
	case mode&unix.FALLOC_FL_KEEP_SIZE == 0 && off+length > int64(len(d)):
		f.n.setSize(off + length)
	}
	return nil
}

// contents is what the file system has.
func (n *fakeNode) contents() []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]byte(nil), n.data...)
}

func (n *fakeNode) fail(read, write error) {
	n.mu.Lock()
	n.readErr, n.writeErr = read, write
	n.mu.Unlock()
}

func newStore(t testing.TB) *Store {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "fdesc-test-")
	if err != nil {
		t.Skipf("no tmpfs: %v", err)
	}
	s, err := NewStore(dir, func(l engine.Level, format string, a ...any) {
		if l <= engine.LogErr && testing.Verbose() {
			t.Logf(format, a...)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		if left, _ := os.ReadDir(dir); len(left) != 0 {
			t.Errorf("left behind in %s: %v", dir, left)
		}
		os.Remove(dir)
	})
	return s
}

func open(t testing.TB, s *Store, n *fakeNode, flags int) (*Open, int) {
	t.Helper()
	o, fd, err := s.Open(enginetest.NewCall(), Spec{Node: n, File: &fakeFile{n}, Flags: flags})
	if err != nil {
		t.Fatal(err)
	}
	return o, fd
}

var noise = func() []byte {
	p := make([]byte, 4<<20)
	r := rand.NewPCG(1, 2)
	for i := range p {
		p[i] = byte(r.Uint64() | 1)
	}
	return p
}()

// pattern is n bytes that are not 0, and for another n begin otherwise.
func pattern(n int) []byte {
	if n > 1<<20 {
		return append([]byte(nil), noise[:n]...)
	}
	return append([]byte(nil), noise[n%4093:][:n]...)
}
