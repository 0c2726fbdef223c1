// SPDX-License-Identifier: Apache-2.0

package vudevpartx

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

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

// A disk without a table has no partitions, and gets them when one is written; -o ro keeps it as it is.
func TestTable(t *testing.T) {
	name := imageOf(t, make([]byte, 1<<20), 0o600)
	m := vudevtest.Mount(t, Submodule, name, "")
	f := m.Open("", unix.O_RDWR)
	table := make([]byte, 512)
	copy(table[446:], []byte{0, 0, 0, 0, 0x83, 0, 0, 0, 8, 0, 0, 0, 100, 0, 0, 0})
	table[510], table[511] = 0x55, 0xaa
	if _, err := f.Pwrite(table, 0); err != nil || m.Parts() != "" {
		t.Fatalf("%v, partitions %s", err, m.Parts())
	}
	if err := f.Flush(); err != nil || m.Parts() != "1" {
		t.Fatalf("%v, partitions %s", err, m.Parts())
	}
	part := m.Open("1", unix.O_RDWR)
	if n, err := part.Pwrite(bytes.Repeat([]byte{1}, 512), 99*512); n != 512 || err != nil {
		t.Errorf("write: %d, %v", n, err)
	}
	ro := vudevtest.Mount(t, Submodule, name, "ro")
	if _, err := ro.TryOpen("1", unix.O_WRONLY); err != unix.EACCES || ro.Parts() != "1" {
		t.Errorf("open for writing: %v, partitions %s", err, ro.Parts())
	}
	p := make([]byte, 512)
	if n, err := ro.Open("1", unix.O_RDONLY).Pread(p, 99*512); n != 512 || err != nil || p[0] != 1 {
		t.Errorf("read: %d, %v", n, err)
	}
}
