// SPDX-License-Identifier: Apache-2.0

package vudevramdisk

import (
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/vudev/vudevtest"
)

// stored is how many bytes of memory a disk has taken.
func stored(t *testing.T, d *disk) int64 {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Fstat(d.fd, &st); err != nil {
		t.Fatal(err)
	}
	return 512 * st.Blocks
}

func TestSizes(t *testing.T) {
	for options, want := range map[string]int64{
		"": 32 << 20, "size=1M": 1 << 20, "size=131072": 131072, "size=3G,gpt": 3 << 30, "size=64K,mbr": 64 << 10,
	} {
		f := vudevtest.Mount(t, Submodule, "none", options).Open("", unix.O_RDONLY)
		if size, err := f.Size(); size != want || err != nil {
			t.Errorf("%q: %d, %v", options, size, err)
		}
	}
	for _, bad := range []string{"size=", "size=x", "size=-1", "size=1000000", "size=512", "size=9999999T", "other"} {
		if _, err := vudevtest.TryMount(t, Submodule, "none", bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

// A fresh table is found when a partition is entered in it.
func TestTables(t *testing.T) {
	for options, at := range map[string]int64{"mbr": 510, "gpt": 512} {
		f := vudevtest.Mount(t, Submodule, "none", options).Open("", unix.O_RDONLY)
		p := make([]byte, 8)
		if _, err := f.Pread(p, at); err != nil || string(p) != "EFI PART" && string(p[:2]) != "\x55\xaa" {
			t.Errorf("%s: %q, %v", options, p, err)
		}
	}
}

// Memory is taken by what is written and given back by discarding.
func TestSparse(t *testing.T) {
	d, err := newDisk(1<<40, false)
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	if n, err := d.WriteAt(make([]byte, 1<<20), 1<<39); n != 1<<20 || err != nil {
		t.Fatal(n, err)
	}
	if got := stored(t, d); got != 1<<20 {
		t.Errorf("%d bytes are stored", got)
	}
	if err := (device{d}).Discard(nil, 1<<39, 1<<20); err != nil || stored(t, d) != 0 {
		t.Errorf("after discarding %d bytes are stored, %v", stored(t, d), err)
	}
}

func TestReadOnly(t *testing.T) {
	m := vudevtest.Mount(t, Submodule, "none", "ro")
	if _, err := m.TryOpen("", unix.O_RDWR); err != unix.EACCES {
		t.Errorf("open for writing: %v", err)
	}
}
