// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"bytes"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
)

func TestMaterialize(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n := &fakeNode{data: pattern(300 << 10)}
	want := n.contents()
	o, fd := open(t, s, n, unix.O_RDWR)
	other, fd2 := open(t, s, n, unix.O_RDWR|unix.O_APPEND)
	p := make([]byte, 1000)
	o.Read(c, fd, p)
	if err := o.Materialize(c, fd); err != nil {
		t.Fatal(err)
	}
	alias, _ := unix.Dup(fd)
	if k, err := unix.Read(alias, p); k != 1000 || err != nil || !bytes.Equal(p, want[1000:2000]) {
		t.Fatalf("native read: %d, %v", k, err)
	}
	unix.Pwrite(alias, []byte("native"), 5000)
	copy(want[5000:], "native")
	if k, err := other.ReadAt(c, p[:6], 5000); k != 6 || err != nil || string(p[:6]) != "native" {
		t.Errorf("another open reads %q, %v", p[:k], err)
	}
	unix.Seek(alias, 0, unix.SEEK_END)
	unix.Write(alias, []byte("tail"))
	want = append(want, "tail"...)
	if size, ok := s.Size(n); !ok || size != int64(len(want)) {
		t.Errorf("size %d, %v", size, ok)
	}
	// Another appends: behind what was written natively.
	if _, err := other.Write(c, fd2, []byte("!"), 0); err != nil {
		t.Fatal(err)
	}
	want = append(want, '!')
	if got := n.contents(); !bytes.Equal(got, want) {
		t.Fatalf("%d bytes, want %d; differ at %d", len(got), len(want), differ(got, want))
	}
	if pos, err := o.Seek(c, fd, 0, unix.SEEK_END); pos != int64(len(want)) || err != nil {
		t.Errorf("end at %d, %v", pos, err)
	}
	if err := o.Truncate(c, 6000); err != nil {
		t.Fatal(err)
	}
	unix.Pwrite(alias, []byte("late"), 8000)
	want = append(append(want[:6000:6000], make([]byte, 2000)...), "late"...)
	for _, f := range []int{fd, alias} {
		unix.Close(f)
	}
	s.Drain(c)
	if got := n.contents(); !bytes.Equal(got, want) {
		t.Fatalf("after the last close: %d bytes, want %d; differ at %d", len(got), len(want), differ(got, want))
	}
	got := make([]byte, 10000)
	k, err := other.ReadAt(c, got, 0)
	if err != nil || !bytes.Equal(got[:k], want) {
		t.Errorf("another reads %d bytes, differ at %d, %v", k, differ(got[:k], want), err)
	}
	unix.Close(fd2)
}

// The file system may tell its own, older size while what was written natively is ahead of it.
func TestMaterializeResized(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n := &fakeNode{data: pattern(5000)}
	o, fd := open(t, s, n, unix.O_RDWR)
	if err := o.Materialize(c, fd); err != nil {
		t.Fatal(err)
	}
	want := pattern(20000)
	unix.Pwrite(fd, want, 0)
	s.Pages(n).Resize(5000)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Size != int64(len(want)) {
		t.Errorf("native size %d, %v", st.Size, err)
	}
	unix.Close(fd)
	s.Drain(c)
	if got := n.contents(); !bytes.Equal(got, want) {
		t.Errorf("after the last close: %d bytes, want %d", len(got), len(want))
	}
}

// exec 9>log: only open for writing.
func TestMaterializeWriteOnly(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n := &fakeNode{data: pattern(5000)}
	want := n.contents()
	o, fd := open(t, s, n, unix.O_WRONLY)
	o.Seek(c, fd, 100, unix.SEEK_SET)
	if err := o.Materialize(c, fd); err != nil {
		t.Fatal(err)
	}
	unix.Write(fd, []byte("here"))
	copy(want[100:], "here")
	if err := o.Sync(c, false); err != nil || !bytes.Equal(n.contents(), want) {
		t.Errorf("%v, differ at %d", err, differ(n.contents(), want))
	}
	// A far write leaves a hole that is not written back page by page.
	unix.Pwrite(fd, []byte("far"), 1<<24)
	before := n.writes.Load()
	if err := o.Sync(c, false); err != nil {
		t.Fatal(err)
	}
	if got := n.writes.Load() - before; got > 3 {
		t.Errorf("%d writes", got)
	}
	if got := n.contents(); len(got) != 1<<24+3 || string(got[1<<24:]) != "far" || !bytes.Equal(got[:5000], want) {
		t.Errorf("%d bytes", len(got))
	}
	unix.Close(fd)
}

func TestCachePolicies(t *testing.T) {
	c := enginetest.NewCall()
	p := make([]byte, 100)
	for policy, want := range []int64{1, 2, 4} { // reads for two opens with two reads each
		s := newStore(t)
		n := &fakeNode{data: pattern(5000)}
		n.policy = engine.CachePolicy(policy)
		for range 2 {
			o, fd := open(t, s, n, unix.O_RDWR)
			for range 2 {
				if k, err := o.ReadAt(c, p, 50); k != 100 || err != nil || !bytes.Equal(p, n.data[50:150]) {
					t.Errorf("policy %d: %d, %v", policy, k, err)
				}
			}
			unix.Close(fd)
			s.Drain(c)
		}
		if got := n.reads.Load(); got != want {
			t.Errorf("policy %d: %d requests, want %d", policy, got, want)
		}
	}
}

// Without a page cache, a mapping works all the same.
func TestMapUncached(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n := &fakeNode{data: pattern(5000), policy: 2}
	o, fd := open(t, s, n, unix.O_RDWR)
	if err := o.Map(c, 0, 5000, unix.PROT_READ, unix.MAP_SHARED); err != nil {
		t.Fatal(err)
	}
	m, err := unix.Mmap(fd, 0, 5000, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil || !bytes.Equal(m, n.data) {
		t.Fatalf("mapping: %v, differ at %d", err, differ(m, n.data))
	}
	m[4500] = 0
	o.WriteAt(c, []byte("xyz"), 10)
	p := make([]byte, 5000)
	if k, err := o.ReadAt(c, p, 0); k != 5000 || err != nil || !bytes.Equal(p, m) || string(m[10:13]) != "xyz" {
		t.Errorf("read %d, %v, differ at %d", k, err, differ(p, m))
	}
	if err := o.Msync(c, 4096, 904); err != nil || n.contents()[4500] != 0 {
		t.Errorf("msync: %v", err)
	}
	unix.Munmap(m)
	unix.Close(fd)
	s.Drain(c)
	if s.CachedBytes() != 0 {
		t.Errorf("%d bytes cached", s.CachedBytes())
	}
}
