// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
)

// hangingFile is released when somebody allows it.
type hangingFile struct {
	fakeFile
	allow chan struct{}
}

func (f hangingFile) Release(c engine.Call) {
	<-f.allow
	f.fakeFile.Release(c)
}

// Whoever settles an inode waits for its last closes, and not for those of others.
func TestSettle(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n, other := &fakeNode{data: pattern(10)}, &fakeNode{data: pattern(10)}
	hanging := hangingFile{fakeFile{other}, make(chan struct{})}
	open := func(n *fakeNode, f engine.File) int {
		t.Helper()
		_, fd, err := s.Open(c, Spec{Node: n, File: f, Flags: unix.O_RDWR})
		if err != nil {
			t.Fatal(err)
		}
		return fd
	}
	kept := open(n, &fakeFile{n})
	defer unix.Close(kept)
	unix.Close(open(other, hanging))
	for i := range int64(20) {
		unix.Close(open(n, &fakeFile{n}))
		s.Settle(c, n)
		if got := n.released.Load(); got != i+1 {
			t.Fatalf("%d released of %d closed", got, i+1)
		}
	}
	close(hanging.allow)
	s.Settle(c, other)
	if got := other.released.Load(); got != 1 {
		t.Errorf("the other one: released %d times", got)
	}
	s.Settle(c, &fakeNode{}) // was never open
}
