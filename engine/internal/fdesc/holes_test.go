// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"bytes"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
)

// sparseFile is a block device that knows of its holes.
type sparseFile struct{ fullFile }

func (f sparseFile) Data(_ engine.Call, off int64) (start, end int64, err error) {
	data := f.n.contents()
	for start = off; start < int64(len(data)) && data[start] == 0; start++ {
	}
	for end = start; end < int64(len(data)) && data[end] != 0; end++ {
	}
	return start, end, nil
}

// Holes of a block device are neither read nor written, and what is written into them is.
func TestMaterializeHoles(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	const size = 8 << 20
	n := &fakeNode{data: make([]byte, size), typ: unix.S_IFBLK, policy: engine.CacheNone}
	copy(n.data[5<<20:], "here")
	o, fd, err := s.Open(c, Spec{Node: n, File: sparseFile{fullFile{&fakeFile{n}}}, Flags: unix.O_RDWR})
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if got := o.dataSize(c, size); got != 4 {
		t.Errorf("%d bytes of data", got)
	}
	if err := o.Materialize(c, fd); err != nil {
		t.Fatal(err)
	}
	if reads := n.reads.Load(); reads != 1 {
		t.Errorf("%d reads for one page of data", reads)
	}
	p := make([]byte, 4)
	if k, err := unix.Pread(fd, p, 5<<20); k != 4 || err != nil || string(p) != "here" {
		t.Errorf("%q, %v", p[:k], err)
	}
	unix.Pwrite(fd, []byte("new"), 2<<20+5)
	unix.Pwrite(fd, make([]byte, 4), 5<<20)
	if err := o.Sync(c, false); err != nil {
		t.Fatal(err)
	}
	want := make([]byte, size)
	copy(want[2<<20+5:], "new")
	if got := n.contents(); !bytes.Equal(got, want) {
		t.Errorf("differ at %d", differ(got, want))
	}
	if writes := n.writes.Load(); writes != 2 {
		t.Errorf("%d writes for two pages", writes)
	}
}
