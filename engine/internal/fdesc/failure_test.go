// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"bytes"
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine/enginetest"
)

func TestReadError(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n := &fakeNode{data: pattern(300 << 10)}
	o, fd := open(t, s, n, unix.O_RDONLY)
	defer unix.Close(fd)
	p := make([]byte, 8192)
	n.fail(unix.EIO, nil)
	if _, err := o.ReadAt(c, p, 4096); err != unix.EIO {
		t.Fatalf("read: %v", err)
	}
	if err := o.Map(c, 0, 4096, unix.PROT_READ, unix.MAP_PRIVATE); err != unix.EIO {
		t.Fatalf("mmap: %v", err)
	}
	n.fail(nil, nil)
	if k, err := o.ReadAt(c, p, 4096); k != len(p) || err != nil || !bytes.Equal(p, n.data[4096:][:8192]) {
		t.Fatalf("read after the error: %d, %v", k, err)
	}
	n.fail(unix.EIO, nil)
	if k, err := o.ReadAt(c, p, 4096); k != len(p) || err != nil {
		t.Fatalf("cached read: %d, %v", k, err)
	}
	if _, err := o.WriteAt(c, p, 0); err != unix.EBADF {
		t.Errorf("write to a file open for reading: %v", err)
	}
}

// A failed write changes nothing in the cache.
func TestWriteError(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n := &fakeNode{data: pattern(10000)}
	o, fd := open(t, s, n, unix.O_RDWR)
	defer unix.Close(fd)
	p, want := make([]byte, 10000), n.contents()
	o.ReadAt(c, p, 0)
	n.fail(nil, unix.ENOSPC)
	if _, err := o.WriteAt(c, make([]byte, 5000), 100); err != unix.ENOSPC {
		t.Fatalf("write: %v", err)
	}
	if k, err := o.ReadAt(c, p, 0); k != len(p) || err != nil || !bytes.Equal(p, want) {
		t.Fatalf("read: %d, %v", k, err)
	}
}

// Errors of writing back reach each open file's next fsync once.
func TestWriteBackError(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n := &fakeNode{data: pattern(10000)}
	o, fd := open(t, s, n, unix.O_RDWR)
	other, fd2 := open(t, s, n, unix.O_RDWR)
	if err := o.Map(c, 0, 10000, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
		t.Fatal(err)
	}
	m, err := unix.Mmap(fd, 0, 10000, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	m[5000] = 1
	n.fail(nil, unix.ENOSPC)
	if err := o.Sync(c, false); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("fsync: %v", err)
	}
	n.fail(nil, nil)
	if err := other.Sync(c, false); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("fsync of another: %v", err)
	}
	for _, o := range []*Open{o, other} {
		if err := o.Flush(c); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if n.contents()[5000] != 1 {
		t.Error("not written back by the second fsync")
	}
	before := n.writes.Load()
	if err := o.Sync(c, false); err != nil || n.writes.Load() != before {
		t.Errorf("a clean mapping: %d writes, %v", n.writes.Load()-before, err)
	}
	m[9999] = 7
	n.fail(nil, unix.EIO)
	unix.Munmap(m)
	unix.Close(fd)
	s.Drain(c)
	n.fail(nil, nil)
	if err := other.Sync(c, false); !errors.Is(err, unix.EIO) {
		t.Errorf("fsync after the last close of the one mapped: %v", err)
	}
	unix.Close(fd2)
}
