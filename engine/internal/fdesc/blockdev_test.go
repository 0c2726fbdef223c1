// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"bytes"
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
)

// fullFile is a block device: what is written behind its end does not fit.
type fullFile struct{ *fakeFile }

func (f fullFile) WriteAt(c engine.Call, p []byte, off int64) (int, error) {
	room := max(int64(len(f.n.contents()))-off, 0)
	if room == 0 {
		return 0, unix.ENOSPC
	}
	return f.fakeFile.WriteAt(c, p[:min(int64(len(p)), room)], off)
}

func openBlock(t *testing.T, s *Store, n *fakeNode) (*Open, int) {
	t.Helper()
	o, fd, err := s.Open(enginetest.NewCall(), Spec{Node: n, File: fullFile{&fakeFile{n}}, Flags: unix.O_RDWR})
	if err != nil {
		t.Fatal(err)
	}
	return o, fd
}

// A block device at a number that is not trapped is read and written as a file is, but does not grow.
func TestMaterializeBlockDevice(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n := &fakeNode{data: pattern(3*pageSize + 512), typ: unix.S_IFBLK, policy: engine.CacheNone}
	want, size := n.contents(), int64(len(n.data))
	o, fd := openBlock(t, s, n)
	other, fd2 := openBlock(t, s, n)
	if err := o.Materialize(c, fd); err != nil {
		t.Fatal(err)
	}
	p := make([]byte, 600)
	if k, err := unix.Pread(fd, p, size-100); k != 100 || err != nil || !bytes.Equal(p[:k], want[size-100:]) {
		t.Errorf("native read at the end: %d, %v", k, err)
	}
	// Through a number that is trapped, the end is where the device ends.
	unix.Seek(fd, size-2, unix.SEEK_SET)
	if k, err := o.Write(c, fd, []byte("abcd"), 0); k != 2 || err != nil {
		t.Errorf("write across the end: %d, %v", k, err)
	}
	if k, err := o.Write(c, fd, []byte("x"), 0); k != 0 || err != unix.ENOSPC {
		t.Errorf("write at the end: %d, %v", k, err)
	}
	copy(want[size-2:], "ab")
	// Natively the end is cut off later, and told.
	unix.Pwrite(fd, []byte("native"), 5000)
	unix.Pwrite(fd, []byte("xyz"), size-1)
	copy(want[5000:], "native")
	copy(want[size-1:], "x")
	if err := o.Sync(c, false); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("sync after a write behind the end: %v", err)
	}
	if err := o.Sync(c, false); err != nil {
		t.Errorf("the error was told before: %v", err)
	}
	if end, _ := unix.Seek(fd, 0, unix.SEEK_END); end != size {
		t.Errorf("the stand-in ends at %d, the device at %d", end, size)
	}
	if got := n.contents(); !bytes.Equal(got, want) {
		t.Errorf("%d bytes, want %d; differ at %d", len(got), len(want), differ(got, want))
	}
	// Zeros made behind the stand-in's back show through every number.
	clear(n.data[512:1024])
	s.Pages(n).Zero(512, 512)
	for name, read := range map[string]func() (int, error){
		"native": func() (int, error) { return unix.Pread(fd, p[:512], 512) },
		"other":  func() (int, error) { return other.ReadAt(c, p[:512], 512) },
	} {
		if k, err := read(); k != 512 || err != nil || !bytes.Equal(p[:512], make([]byte, 512)) {
			t.Errorf("%s read of zeros: %d, %v", name, k, err)
		}
	}
	unix.Close(fd)
	unix.Close(fd2)
	s.Drain(c)
}

// What another open file writes and what was written natively are both there in the end, whoever comes first, and the one does
// not have the other written back.
func TestBlockDeviceWriters(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n := &fakeNode{data: pattern(64 * pageSize), typ: unix.S_IFBLK, policy: engine.CacheNone}
	want := n.contents()
	o, fd := openBlock(t, s, n)
	other, fd2 := openBlock(t, s, n)
	if err := o.Materialize(c, fd); err != nil {
		t.Fatal(err)
	}
	before := n.writes.Load()
	const foreign = 16
	for i := range int64(foreign) {
		at := 4 * i * pageSize
		native := func(off int64) { unix.Pwrite(fd, []byte("native"), off); copy(want[off:], "native") }
		native(at + 10)
		native(at + 200)
		if k, err := other.WriteAt(c, []byte("foreign"), at+203); k != 7 || err != nil {
			t.Fatalf("write: %d, %v", k, err)
		}
		copy(want[at+203:], "foreign")
		native(at + 206)
	}
	if got := n.writes.Load() - before; got != foreign {
		t.Errorf("%d writes reached the device, want %d", got, foreign)
	}
	if err := other.Sync(c, false); err != nil {
		t.Fatal(err)
	}
	if got := n.contents(); !bytes.Equal(got, want) {
		t.Errorf("differ at %d", differ(got, want))
	}
	unix.Close(fd)
	unix.Close(fd2)
	s.Drain(c)
}

// What is too large to be copied is not, nor is a device without a size.
func TestMaterializeNot(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	s.SetLimit(1 << 20)
	for _, n := range []*fakeNode{
		{data: make([]byte, 1<<20+1), typ: unix.S_IFBLK, policy: engine.CacheNone},
		{typ: unix.S_IFCHR, policy: engine.CacheNone},
	} {
		o, fd := openBlock(t, s, n)
		if err := o.Materialize(c, fd); err != unix.EOPNOTSUPP || o.Native() {
			t.Errorf("type %#o: %v", n.typ, err)
		}
		unix.Close(fd)
	}
	s.Drain(c)
}
