// SPDX-License-Identifier: Apache-2.0

package vudevloop

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vudev/vudevtest"
)

// imageOf makes a file.
func imageOf(t *testing.T, data []byte, perm os.FileMode) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(name, data, perm); err != nil {
		t.Fatal(err)
	}
	return name
}

// With offset and sizelimit the device is that part of the file and cannot touch the rest (loop(4)).
func TestPart(t *testing.T) {
	name := imageOf(t, make([]byte, 1<<20), 0o600)
	f := vudevtest.Mount(t, Submodule, name, "offset=4096,sizelimit=8K").Open("", unix.O_RDWR)
	if size, err := f.Size(); size != 8192 || err != nil {
		t.Fatalf("size %d, %v", size, err)
	}
	p := bytes.Repeat([]byte{1}, 16384)
	if n, err := f.Pwrite(p, 0); n != 8192 || err != nil {
		t.Errorf("write: %d, %v", n, err)
	}
	if err := f.Fsync(); err != nil {
		t.Error(err)
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]byte, 1<<20)
	copy(want[4096:], p[:8192])
	if !bytes.Equal(got, want) {
		t.Error("other bytes of the file were written")
	}
}

func TestRefused(t *testing.T) {
	name := imageOf(t, make([]byte, 4096), 0o600)
	for _, options := range []string{"offset=8192", "offset=x", "sizelimit=x", "offset=-1", "nonsense"} {
		if _, err := vudevtest.TryMount(t, Submodule, name, options); err == nil {
			t.Errorf("%s: no error", options)
		}
	}
	for _, source := range []string{t.TempDir(), "/nonexistent", "/dev/null"} {
		if _, err := vudevtest.TryMount(t, Submodule, source, ""); err == nil {
			t.Errorf("%s: no error", source)
		}
	}
}

// What is discarded is a hole in the file.
func TestDiscard(t *testing.T) {
	name := imageOf(t, bytes.Repeat([]byte{1}, 1<<20), 0o600)
	f := vudevtest.Mount(t, Submodule, name, "").Open("", unix.O_RDWR)
	var before, after unix.Stat_t
	err := unix.Stat(name, &before)
	if derr := f.Ioctl(unix.BLKDISCARD, vudevtest.Words(0, 1<<20)); err != nil || derr != nil {
		t.Fatal(err, derr)
	}
	if err := unix.Stat(name, &after); err != nil || after.Blocks >= before.Blocks || after.Size != 1<<20 {
		t.Errorf("%d blocks before, %d after, %d bytes, %v", before.Blocks, after.Blocks, after.Size, err)
	}
}

// Where there are holes in the file there are some in the part of it that is shown.
func TestHoles(t *testing.T) {
	name := imageOf(t, nil, 0o600)
	if err := os.Truncate(name, 8<<20); err != nil {
		t.Fatal(err)
	}
	f := vudevtest.Mount(t, Submodule, name, "offset=1M,sizelimit=4M").Open("", unix.O_RDWR)
	if n, err := f.Pwrite(bytes.Repeat([]byte{1}, 1<<20), 2<<20); n != 1<<20 || err != nil {
		t.Fatal(n, err)
	}
	holes := f.File.(engine.FileHoles)
	for off, want := range map[int64][2]int64{0: {2 << 20, 3 << 20}, 5 << 19: {5 << 19, 3 << 20}, 3 << 20: {4 << 20, 4 << 20}} {
		start, end, err := holes.Data(nil, off)
		if start != want[0] || end != want[1] || err != nil {
			t.Errorf("from %d: data from %d to %d, %v; want %v", off, start, end, err, want)
		}
	}
}
