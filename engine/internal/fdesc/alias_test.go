// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine/enginetest"
)

// An alias keeps its file open, can only be recognized, and the file ends with whichever is closed last.
func TestAlias(t *testing.T) {
	for _, aliasLast := range []bool{false, true} {
		s := newStore(t)
		n := &fakeNode{data: pattern(8)}
		o, fd := open(t, s, n, unix.O_RDWR)
		alias, err := o.Alias()
		if err != nil {
			t.Fatal(err)
		}
		var text [256]byte
		k, err := unix.Readlink(fmt.Sprintf("/proc/self/fd/%d", alias), text[:])
		if err != nil || s.ByLinkBytes(text[:k]) != o {
			t.Errorf("the alias is %q, not its file: %v", text[:k], err)
		}
		if _, err := unix.Read(alias, make([]byte, 1)); err != unix.EBADF {
			t.Errorf("native read: %v", err)
		}
		if _, err := unix.Write(alias, []byte{0}); err != unix.EBADF {
			t.Errorf("native write: %v", err)
		}
		first, last := alias, fd
		if aliasLast {
			first, last = fd, alias
		}
		unix.Close(first)
		s.Drain(enginetest.NewCall())
		if got := n.released.Load(); got != 0 {
			t.Fatalf("released %d times with a descriptor left", got)
		}
		unix.Close(last)
		s.Drain(enginetest.NewCall())
		if got := n.released.Load(); got != 1 {
			t.Fatalf("released %d times", got)
		}
		if s.Live() != 0 {
			t.Errorf("%d files live", s.Live())
		}
	}
}
