// SPDX-License-Identifier: Apache-2.0

package vudevqcow2

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
)

// memory is an image in memory.
type memory []byte

func (m memory) ReadAt(_ engine.Call, p []byte, off int64) (int, error) {
	if off < 0 || off >= int64(len(m)) {
		return 0, nil
	}
	return copy(p, m[off:]), nil
}
func (m memory) WriteAt(engine.Call, []byte, int64) (int, error) { return 0, unix.EPERM }
func (m memory) Size(engine.Call) (int64, error)                 { return int64(len(m)), nil }
func (m memory) Close(engine.Call)                               {}

func qemuImg(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("qemu-img", args...).CombinedOutput(); err != nil {
		t.Fatalf("qemu-img %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// What QEMU writes in each way is read as it was.
func TestAgainstQEMU(t *testing.T) {
	const size = 5<<20 + 512
	r := rand.New(rand.NewPCG(3, 4))
	want := make([]byte, size)
	for range 40 {
		off, n := r.IntN(size-5000), r.IntN(5000)
		for i := range n {
			want[off+i] = byte(r.IntN(7))
		}
	}
	dir := t.TempDir()
	raw := filepath.Join(dir, "raw")
	if err := os.WriteFile(raw, want, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"-o", "compat=0.10"}, {"-o", "compat=1.1"}, {"-c"}, {"-o", "cluster_size=512"},
		{"-c", "-o", "cluster_size=2M"}, {"-o", "preallocation=metadata"}, {"-c", "-o", "cluster_size=4096"},
	} {
		file := filepath.Join(dir, "q")
		qemuImg(t, append(append([]string{"convert", "-f", "raw", "-O", "qcow2"}, args...), raw, file)...)
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c := enginetest.NewCall()
		i, err := open(c, memory(b))
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		got := make([]byte, size)
		if n, err := i.ReadAt(c, got, 0); n != size || err != nil || !bytes.Equal(got, want) {
			t.Errorf("%v: %d, %v, equal %v", args, n, err, bytes.Equal(got, want))
		}
		for range 50 {
			off, n := r.IntN(size), r.IntN(70000)
			end := min(off+n, size)
			if k, err := i.ReadAt(c, got[:n], int64(off)); k != end-off || err != nil || !bytes.Equal(got[:k], want[off:end]) {
				t.Fatalf("%v: %d at %d: %d, %v", args, n, off, k, err)
			}
		}
	}
}

func valid() []byte {
	b := make([]byte, 3*4096)
	put := func(off int, n uint32) { binary.BigEndian.PutUint32(b[off:], n) }
	put(0, magic)
	put(4, 3)
	put(20, 12)
	put(28, 1<<20)
	put(36, 1)
	put(44, 4096)
	put(100, 104)
	binary.BigEndian.PutUint64(b[4096:], 1<<63|8192)
	return b
}

func TestHeader(t *testing.T) {
	if _, err := parseHeader(valid()); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []struct {
		off int
		n   uint32
	}{
		{0, 1}, {4, 4}, {8, 1}, {12, 1 << 20}, {20, 8}, {20, 22}, {24, 1 << 31}, {24, 1 << 20}, {32, 1}, {36, 0}, {36, 1 << 31}, {44, 100},
		{76, 4}, {76, 16}, {76, 8}, {100, 1 << 20}, {100, 0},
	} {
		b := valid()
		binary.BigEndian.PutUint32(b[bad.off:], bad.n)
		if bad.off == 76 && bad.n == 8 {
			b[104], b[103] = 1, 112
		}
		if h, err := parseHeader(b); err == nil && h.backingName == "" {
			t.Errorf("%d at %d: accepted as %+v", bad.n, bad.off, h)
		}
	}
}

// Whatever is accepted can be read everywhere without a panic.
func FuzzOpen(f *testing.F) {
	f.Add(valid())
	compressed := valid()
	binary.BigEndian.PutUint64(compressed[8192:], entryCompressed|100)
	f.Add(compressed)
	f.Fuzz(func(t *testing.T, b []byte) {
		c := enginetest.NewCall()
		i, err := open(c, memory(b))
		if err != nil {
			return
		}
		p := make([]byte, 4096)
		for _, off := range []int64{0, 65536, i.size / 2, i.size - 1} {
			if off >= 0 {
				_, _ = i.ReadAt(c, p, off)
			}
		}
	})
}
