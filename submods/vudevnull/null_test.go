// SPDX-License-Identifier: Apache-2.0

package vudevnull

import (
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/vudev/vudevtest"
)

// As null(4), and with blk a disk without a sector.
func TestNull(t *testing.T) {
	f := vudevtest.Mount(t, Submodule, "none", "").Open("", unix.O_RDWR)
	if n, err := f.Pwrite(make([]byte, 100), 1<<40); n != 100 || err != nil {
		t.Errorf("write: %d, %v", n, err)
	}
	if n, err := f.Pread(make([]byte, 100), 0); n != 0 || err != nil {
		t.Errorf("read: %d, %v", n, err)
	}
	disk := vudevtest.Mount(t, Submodule, "none", "blk").Open("", unix.O_RDWR)
	if size, err := disk.Size(); size != 0 || err != nil {
		t.Errorf("size: %d, %v", size, err)
	}
	if _, err := disk.Pwrite(make([]byte, 512), 0); err != unix.ENOSPC {
		t.Errorf("write to a disk without a sector: %v", err)
	}
}
