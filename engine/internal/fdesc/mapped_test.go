// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
)

// mapping maps a file of two pages, with room for four.
func mapping(t *testing.T, s *Store, n *fakeNode) (m []byte, o *Open, end func()) {
	t.Helper()
	o, fd := open(t, s, n, unix.O_RDWR)
	if err := o.Map(enginetest.NewCall(), 0, 4*pageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		t.Fatal(err)
	}
	m, err := unix.Mmap(fd, 0, 4*pageSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	return m, o, func() {
		unix.Munmap(m)
		unix.Close(fd)
		s.Drain(enginetest.NewCall())
	}
}

// However a mapped file grows, the mapping shows what is there.
func TestMappedGrowth(t *testing.T) {
	c := enginetest.NewCall()
	more := pattern(6000)
	for name, grow := range map[string]func(*Store, *fakeNode, *Open){
		"write": func(s *Store, n *fakeNode, o *Open) { o.WriteAt(c, more, 5000) },
		"write by an open that cannot read": func(s *Store, n *fakeNode, o *Open) {
			w, fd := open(t, s, n, unix.O_WRONLY|unix.O_APPEND)
			if k, err := w.Write(c, -1, more, 0); k != len(more) || err != nil {
				t.Error(k, err)
			}
			unix.Close(fd)
		},
		"silently": func(s *Store, n *fakeNode, o *Open) {
			n.mu.Lock()
			n.data = append(n.data, more...)
			n.mu.Unlock()
			o.ReadAt(c, make([]byte, 1), 0)
		},
		"with a notice": func(s *Store, n *fakeNode, o *Open) {
			n.mu.Lock()
			n.data = append(n.data, more...)
			n.mu.Unlock()
			s.Pages(n).Resize(11000)
			s.Drain(c)
		},
		"store": func(s *Store, n *fakeNode, o *Open) {
			n.mu.Lock()
			n.data = append(n.data, more...)
			n.mu.Unlock()
			s.Pages(n).Store(5000, more)
			s.Drain(c)
		},
		"fallocate and write": func(s *Store, n *fakeNode, o *Open) {
			if err := o.Allocate(c, 0, 0, 11000); err != nil {
				t.Error(err)
			}
			o.WriteAt(c, more, 5000)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			n := &fakeNode{data: pattern(5000)}
			m, o, end := mapping(t, s, n)
			defer end()
			m[0] = 0
			grow(s, n, o)
			want := append(pattern(5000), more...)
			want[0] = 0
			if !bytes.Equal(m[:11000], want) {
				t.Errorf("mapping differs at %d", differ(m[:11000], want))
			}
			if err := o.Sync(c, false); err != nil || !bytes.Equal(n.contents(), want) {
				t.Errorf("file differs at %d, %v", differ(n.contents(), want), err)
			}
		})
	}
}

// What a guest wrote to a mapping survives invalidation, eviction and the other opens' closing.
func TestMappedIsTruth(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n := &fakeNode{data: pattern(2 * pageSize)}
	m, o, end := mapping(t, s, n)
	copy(m[100:], "mapped")
	s.Pages(n).Invalidate(0, -1)
	s.SetLimit(0)
	other, fd := open(t, s, n, unix.O_RDONLY)
	p := make([]byte, 6)
	if other.ReadAt(c, p, 100); string(p) != "mapped" {
		t.Errorf("read %q", p)
	}
	unix.Close(fd)
	s.Drain(c)
	if err := o.Msync(c, 0, 4096); err != nil || string(n.contents()[100:106]) != "mapped" {
		t.Errorf("msync: %v, %q", err, n.contents()[100:106])
	}
	copy(m[5000:], "again")
	end()
	if string(n.contents()[5000:5005]) != "again" {
		t.Errorf("after the last close: %q", n.contents()[5000:5005])
	}
	if s.CachedBytes() != 0 {
		s.SetLimit(0)
	}
	if got := s.CachedBytes(); got != 0 {
		t.Errorf("%d bytes cached after the last close", got)
	}
}

// A hole that a guest wrote to natively is a hole again once it is dropped.
func TestMappedHole(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n := &fakeNode{data: make([]byte, 2*pageSize)}
	m, _, end := mapping(t, s, n)
	m[10] = 1
	end()
	clear(n.data)
	s.Pages(n).Invalidate(0, -1)
	o, fd := open(t, s, n, unix.O_RDONLY)
	defer unix.Close(fd)
	p := make([]byte, 100)
	o.ReadAt(c, p, 0)
	o.ReadAt(c, p, 0)
	if p[10] != 0 {
		t.Error("stale data")
	}
}

func TestMapErrors(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n := &fakeNode{data: pattern(100)}
	ro, fd := open(t, s, n, unix.O_RDONLY)
	wo, fd2 := open(t, s, n, unix.O_WRONLY)
	po, fd3 := open(t, s, n, unix.O_PATH)
	defer unix.Close(fd)
	defer unix.Close(fd2)
	defer unix.Close(fd3)
	for _, tt := range []struct {
		o           *Open
		off, n      int64
		prot, flags int
		want        error
	}{
		{ro, 0, 100, unix.PROT_READ | unix.PROT_WRITE, unix.MAP_SHARED, unix.EACCES},
		{ro, 0, 100, unix.PROT_READ | unix.PROT_WRITE, unix.MAP_PRIVATE, nil},
		{wo, 0, 100, unix.PROT_READ, unix.MAP_PRIVATE, unix.EACCES},
		{po, 0, 100, unix.PROT_READ, unix.MAP_PRIVATE, unix.EBADF},
		{ro, 1, 100, unix.PROT_READ, unix.MAP_PRIVATE, unix.EINVAL},
		{ro, 0, 0, unix.PROT_READ, unix.MAP_PRIVATE, unix.EINVAL},
		{ro, 4096, 1<<63 - 1, unix.PROT_READ, unix.MAP_PRIVATE, unix.EOVERFLOW},
		{ro, 1 << 40, 1 << 40, unix.PROT_READ, unix.MAP_PRIVATE, nil},
	} {
		if err := tt.o.Map(c, tt.off, tt.n, tt.prot, tt.flags); !errors.Is(err, tt.want) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
	if _, err := po.Read(c, fd3, make([]byte, 1)); err != unix.EBADF {
		t.Errorf("read of O_PATH: %v", err)
	}
}

// A tmpfs that is too small: reads and writes work, a mapping is refused.
func TestFullTmpfs(t *testing.T) {
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("mount: %v", err)
	}
	defer unix.Unmount(dir, unix.MNT_DETACH)
	warned := 0
	s, err := NewStore(dir, func(l engine.Level, f string, a ...any) { warned++ })
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c := enginetest.NewCall()
	s.SetLimit(1 << 30)
	n := &fakeNode{data: pattern(300 << 10)}
	o, fd := open(t, s, n, unix.O_RDWR)
	want := n.contents()
	p := make([]byte, len(want))
	for range 3 {
		if k, err := o.ReadAt(c, p, 0); k != len(p) || err != nil || !bytes.Equal(p, want) {
			t.Fatalf("read %d, %v, differ at %d", k, err, differ(p, want))
		}
		copy(want[1000:], pattern(200<<10))
		if k, err := o.WriteAt(c, pattern(200<<10), 1000); k != 200<<10 || err != nil {
			t.Fatalf("write %d, %v", k, err)
		}
	}
	if err := o.Map(c, 0, 300<<10, unix.PROT_READ, unix.MAP_PRIVATE); err != unix.ENOMEM {
		t.Errorf("mmap: %v", err)
	}
	if warned != 1 {
		t.Errorf("%d warnings", warned)
	}
	unix.Close(fd)
	s.Drain(c)
	if _, err := os.Stat(dir + "/w0"); err != nil {
		t.Error(err)
	}
}

type panicFile struct{ fakeFile }

func (*panicFile) Release(engine.Call) { panic("module") }

func TestReleasePanic(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n := &fakeNode{data: pattern(10)}
	told := false
	_, fd, err := s.Open(c, Spec{Node: n, File: &panicFile{fakeFile{n}}, OnRelease: func() { told = true }})
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(fd)
	s.Drain(c)
	if !told || s.Live() != 0 {
		t.Errorf("told %v, live %d", told, s.Live())
	}
}
