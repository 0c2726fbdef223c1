// SPDX-License-Identifier: Apache-2.0

package vudevzero

import (
	"bytes"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/vudev/vudevtest"
)

// As zero(4), which is no disk.
func TestZero(t *testing.T) {
	f := vudevtest.Mount(t, Submodule, "none", "").Open("", unix.O_RDWR)
	p := []byte("something else")
	if n, err := f.Pread(p, 1<<40); n != len(p) || err != nil || !bytes.Equal(p, make([]byte, len(p))) {
		t.Errorf("read: %q, %d, %v", p, n, err)
	}
	if n, err := f.Pwrite(make([]byte, 100), 0); n != 100 || err != nil {
		t.Errorf("write: %d, %v", n, err)
	}
	if _, err := vudevtest.TryMount(t, Submodule, "none", "blk"); err == nil {
		t.Error("can be a disk")
	}
}
