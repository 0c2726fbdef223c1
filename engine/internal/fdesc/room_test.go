// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"os"
	"path/filepath"
	"testing"
)

// The least limit of a control group and those around it counts, as far as they can be seen.
func TestGroupMemory(t *testing.T) {
	root := t.TempDir()
	for dir, text := range map[string]string{"": "9000\n", "a": "5000\n", "a/b": "max\n", "c": "rubbish\n"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, dir, "memory.max"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for dir, want := range map[string]int64{"/": 9000, "/a": 5000, "/a/b": 5000, "/c": 9000, "/not/there": 9000, "": 9000} {
		if got := groupMemory(root, dir, "memory.max", 10000); got != want {
			t.Errorf("%q: %d, want %d", dir, got, want)
		}
	}
	if got := groupMemory(root, "/a", "memory.max", 100); got != 100 {
		t.Errorf("%d of a machine that has 100", got)
	}
}

func TestMemory(t *testing.T) {
	if m := memory(); m < 16<<20 || m > 1<<50 {
		t.Errorf("%d bytes of memory", m)
	}
}
