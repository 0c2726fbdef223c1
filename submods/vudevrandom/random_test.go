// SPDX-License-Identifier: Apache-2.0

package vudevrandom

import (
	"bytes"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/vudev/vudevtest"
)

// All of what is asked for is filled, and otherwise each time.
func TestRandom(t *testing.T) {
	f := vudevtest.Mount(t, Submodule, "none", "").Open("", unix.O_RDWR)
	p, q := make([]byte, 1<<20), make([]byte, 1<<20)
	for _, b := range [][]byte{p, q} {
		if n, err := f.Pread(b, 0); n != len(b) || err != nil {
			t.Fatalf("read: %d, %v", n, err)
		}
	}
	if bytes.Equal(p, q) || bytes.Equal(p[len(p)-64:], make([]byte, 64)) {
		t.Error("not random")
	}
	if n, err := f.Pwrite(p, 0); n != len(p) || err != nil {
		t.Errorf("write: %d, %v", n, err)
	}
}
