// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
)

// model drives a cached file, a mapping of it and a plain byte slice through the same operations.
type model struct {
	t      testing.TB
	s      *Store
	c      *enginetest.Call
	n      *fakeNode
	o      *Open
	fd     int
	want   []byte
	mapped []byte // of the first pages, or nil
	native int    // descriptor of a materialized open, or -1
}

const modelMax = 3 << 20

func (m *model) check(off, n int) {
	m.t.Helper()
	p := make([]byte, n)
	got, err := m.o.ReadAt(m.c, p, int64(off))
	if err != nil {
		m.t.Fatal(err)
	}
	want := m.want[min(off, len(m.want)):min(off+n, len(m.want))]
	if !bytes.Equal(p[:got], want) {
		m.t.Fatalf("read %d at %d: got %d, want %d bytes; differ at %d", n, off, got, len(want), off+differ(p[:got], want))
	}
}

func (m *model) grow(size int) {
	if size > len(m.want) {
		m.want = append(m.want, make([]byte, size-len(m.want))...)
	}
}

// differ is where a and b begin to differ.
func differ(a, b []byte) int {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	return i
}

// step does one operation. op, off and n are any numbers.
func (m *model) step(op, off, n int) {
	off, n = off%modelMax, n%(200<<10)
	switch op % 14 {
	case 0, 1, 2:
		m.check(off, n)
	case 3, 4:
		p := pattern(n)
		if op%2 == 0 {
			clear(p)
		}
		if _, err := m.o.WriteAt(m.c, p, int64(off)); err != nil {
			m.t.Fatal(err)
		}
		if n > 0 {
			m.grow(off + n)
			copy(m.want[off:], p)
		}
	case 5:
		if err := m.o.Truncate(m.c, int64(off)); err != nil {
			m.t.Fatal(err)
		}
		m.grow(off)
		m.want = m.want[:off:off]
	case 6: // by somebody else, who says so
		m.n.mu.Lock()
		m.n.setSize(int64(len(m.n.data)))
		if n = min(n, len(m.n.data)-off); n > 0 && m.mapped == nil && m.native < 0 {
			copy(m.n.data[off:], pattern(n))
			copy(m.want[off:], pattern(n))
		}
		m.n.mu.Unlock()
		m.s.Pages(m.n).Invalidate(int64(off), int64(n))
	case 7: // somebody else appends, and says nothing
		m.n.mu.Lock()
		if len(m.n.data)+n < modelMax && m.native < 0 {
			m.n.data = append(m.n.data, pattern(n)...)
			m.want = append(m.want, pattern(n)...)
		}
		m.n.mu.Unlock()
	case 8:
		if err := m.o.Allocate(m.c, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, int64(off), int64(n+1)); err != nil {
			m.t.Fatal(err)
		}
		if off < len(m.want) {
			clear(m.want[off:min(len(m.want), off+n+1)])
		}
	case 9:
		off &^= 4095
		n = n&^4095 + 4096
		if off+n < len(m.want) && m.native < 0 {
			if err := m.o.Allocate(m.c, unix.FALLOC_FL_COLLAPSE_RANGE, int64(off), int64(n)); err != nil {
				m.t.Fatal(err)
			}
			m.want = append(m.want[:off:off], m.want[off+n:]...)
		}
	case 10:
		m.touch(off, n)
	case 11:
		if err := m.o.Sync(m.c, false); err != nil {
			m.t.Fatal(err)
		}
		if got := m.n.contents(); !bytes.Equal(got, m.want) {
			m.t.Fatalf("written back %d of %d bytes, differ at %d", len(got), len(m.want), differ(got, m.want))
		}
		m.s.SetLimit(int64(n))
		m.s.SetLimit(1 << 20)
	case 12:
		p := pattern(n)
		m.materialize()
		if _, err := unix.Pwrite(m.native, p, int64(off)); err != nil {
			m.t.Fatal(err)
		}
		if n > 0 {
			m.grow(off + n)
			copy(m.want[off:], p)
		}
	case 13:
		m.dematerialize()
	}
}

// materialize makes another open of the file native.
func (m *model) materialize() {
	if m.native >= 0 {
		return
	}
	o, fd := open(m.t, m.s, m.n, unix.O_RDWR)
	if err := o.Materialize(m.c, fd); err != nil {
		m.t.Fatal(err)
	}
	m.native = fd
}

func (m *model) dematerialize() {
	if m.native >= 0 {
		unix.Close(m.native)
		m.s.Drain(m.c)
		m.native = -1
	}
}

// touch maps the file, checks the mapping and writes through it.
func (m *model) touch(off, n int) {
	if m.mapped == nil {
		if err := m.o.Map(m.c, 0, modelMax+1<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
			m.t.Fatal(err)
		}
		p, err := unix.Mmap(m.fd, 0, modelMax+1<<20, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		if err != nil {
			m.t.Fatal(err)
		}
		m.mapped = p
	}
	m.check(len(m.want), 1) // what was appended silently is seen at the next call only
	if !bytes.Equal(m.mapped[:len(m.want)], m.want) {
		m.t.Fatalf("mapping differs at %d of %d", differ(m.mapped, m.want), len(m.want))
	}
	if off < len(m.want) {
		p := pattern(min(n, len(m.want)-off))
		copy(m.mapped[off:], p)
		copy(m.want[off:], p)
	}
}

func runModel(t testing.TB, seed []byte, next func() (op, off, n int, ok bool)) {
	s := newStore(t)
	s.SetLimit(1 << 20)
	n := &fakeNode{data: append([]byte(nil), seed...)}
	o, fd := open(t, s, n, unix.O_RDWR)
	m := &model{t: t, s: s, c: enginetest.NewCall(), n: n, o: o, fd: fd, want: append([]byte(nil), seed...), native: -1}
	for {
		op, off, k, ok := next()
		if !ok {
			break
		}
		m.step(op, off, k)
	}
	m.check(0, modelMax+1<<20)
	m.dematerialize()
	if m.mapped != nil {
		if err := unix.Munmap(m.mapped); err != nil {
			t.Fatal(err)
		}
	}
	unix.Close(fd)
	s.Drain(m.c)
	if !bytes.Equal(n.contents(), m.want) {
		t.Fatal("last close: not all written back")
	}
	o2, fd2 := open(t, s, n, unix.O_RDWR)
	m.o, m.fd, m.mapped = o2, fd2, nil
	m.check(0, modelMax+1<<20)
	unix.Close(fd2)
	s.Drain(m.c)
}

func TestModel(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 7))
		i := 0
		ops := []int{10, 12, 14}[seed%3] // without a mapping, without native writes
		next := func() (int, int, int, bool) {
			i++
			op := r.IntN(ops)
			off := r.IntN(modelMax)
			if r.IntN(2) == 0 {
				off = r.IntN(64) * 512
			}
			return op, off, r.IntN(200 << 10), i < 60
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) { runModel(t, pattern(r.IntN(1<<20)), next) })
	}
}

func FuzzModel(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 3, 1, 1, 5, 10, 0, 0, 9})
	f.Add([]byte{3, 9, 200, 8, 5, 4, 0, 0, 10, 0, 1, 1, 7, 1, 1, 1, 10, 0, 0, 0, 11, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		b = b[:min(len(b), 120)]
		runModel(t, pattern(10000), func() (int, int, int, bool) {
			if len(b) < 4 {
				return 0, 0, 0, false
			}
			op, off, n := int(b[0]), int(b[1])*4096+int(b[2])*31, int(b[3])*700
			b = b[4:]
			return op, off, n, true
		})
	})
}

var _ engine.FileAllocater = (*fakeFile)(nil)
