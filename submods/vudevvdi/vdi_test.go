// SPDX-License-Identifier: Apache-2.0

package vudevvdi

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

// hostFile is an image on the host.
type hostFile struct{ *os.File }

func (f hostFile) ReadAt(_ engine.Call, p []byte, off int64) (int, error) {
	return unix.Pread(int(f.Fd()), p, off)
}
func (f hostFile) WriteAt(_ engine.Call, p []byte, off int64) (int, error) {
	return f.File.WriteAt(p, off)
}
func (f hostFile) Size(engine.Call) (int64, error) {
	st, err := f.Stat()
	return st.Size(), err
}
func (f hostFile) Sync(engine.Call) error { return f.File.Sync() }
func (f hostFile) ReadOnly() bool         { return false }
func (f hostFile) Close(engine.Call)      { f.File.Close() }

func qemuImg(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("qemu-img", args...).CombinedOutput(); err != nil {
		t.Fatalf("qemu-img %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func openPath(t *testing.T, path string) *disk {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	d, err := open(enginetest.NewCall(), hostFile{f})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// What is written here is what QEMU reads, and the other way round.
func TestAgainstQEMU(t *testing.T) {
	const size = 9<<20 + 512
	for _, static := range []string{"off", "on"} {
		dir := t.TempDir()
		image, raw := filepath.Join(dir, "d.vdi"), filepath.Join(dir, "raw")
		want := make([]byte, size)
		copy(want[3<<20-100:], bytes.Repeat([]byte("before"), 1000))
		if err := os.WriteFile(raw, want, 0o600); err != nil {
			t.Fatal(err)
		}
		qemuImg(t, "convert", "-f", "raw", "-O", "vdi", "-o", "static="+static, raw, image)
		d, c := openPath(t, image), enginetest.NewCall()
		r := rand.New(rand.NewPCG(1, 2))
		for range 60 {
			p := make([]byte, r.IntN(40)*512)
			off := r.Int64N((size-int64(len(p)))/512+1) * 512
			for i := range p {
				p[i] = byte(r.Uint32())
			}
			if r.IntN(4) == 0 {
				clear(p)
			}
			if n, err := d.WriteAt(c, p, off); n != len(p) || err != nil {
				t.Fatalf("write %d at %d: %d, %v", len(p), off, n, err)
			}
			copy(want[off:], p)
		}
		got := make([]byte, size)
		if n, err := d.ReadAt(c, got, 0); n != size || err != nil || !bytes.Equal(got, want) {
			t.Fatalf("read: %d, %v, equal %v", n, err, bytes.Equal(got, want))
		}
		d.Close(c)
		if err := os.WriteFile(raw, want, 0o600); err != nil {
			t.Fatal(err)
		}
		qemuImg(t, "check", "-f", "vdi", image)
		qemuImg(t, "compare", "-f", "raw", "-F", "vdi", raw, image)
		d = openPath(t, image)
		if _, err := d.ReadAt(c, got, 0); err != nil || !bytes.Equal(got, want) {
			t.Fatalf("after reopening: %v, equal %v", err, bytes.Equal(got, want))
		}
		d.Close(c)
	}
}

func valid() []byte {
	b := make([]byte, sizeHeader)
	put := func(off int, n uint32) { binary.LittleEndian.PutUint32(b[off:], n) }
	put(offSignature, signature)
	put(offVersion, 1<<16|1)
	put(offType, typeDynamic)
	put(offMap, 512)
	put(offData, 1024)
	put(offSector, 512)
	put(offSize, 4<<20)
	put(offBlock, 1<<20)
	put(offBlocks, 4)
	put(offAllocated, 2)
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
		{offSignature, 0}, {offVersion, 2 << 16}, {offType, 4}, {offMap, 100}, {offData, 512}, {offSector, 4096},
		{offSize, 5 << 20}, {offSize + 4, 1 << 31}, {offBlock, 0}, {offBlock, 1000}, {offExtra, 1}, {offBlocks, 3}, {offAllocated, 5},
	} {
		b := valid()
		binary.LittleEndian.PutUint32(b[bad.off:], bad.n)
		if h, err := parseHeader(b); err == nil {
			t.Errorf("%d at %d: accepted as %+v", bad.n, bad.off, h)
		}
	}
	h, _ := parseHeader(valid())
	for _, m := range [][]uint32{{2, blockFree, blockFree, blockFree}, {0, 0, blockFree, blockZero}} {
		var b []byte
		for _, n := range m {
			b = binary.LittleEndian.AppendUint32(b, n)
		}
		if _, err := parseMap(h, b); err == nil {
			t.Errorf("map %v: accepted", m)
		}
	}
}

// Whatever is accepted can be read and written everywhere without a panic, and reads as written.
func FuzzOpen(f *testing.F) {
	seed := append(valid(), make([]byte, 112)...)
	seed = binary.LittleEndian.AppendUint32(seed, 1)
	seed = binary.LittleEndian.AppendUint32(seed, blockFree)
	seed = binary.LittleEndian.AppendUint64(seed, ^uint64(0))
	f.Add(seed)
	f.Fuzz(func(t *testing.T, b []byte) {
		c, m := enginetest.NewCall(), &memory{data: b}
		d, err := open(c, m)
		if err != nil || d.size < sectorSize || d.block > 1<<20 {
			return
		}
		p := bytes.Repeat([]byte{0xa5}, sectorSize)
		for _, off := range []int64{0, d.size / 2 &^ 511, (d.size - sectorSize) &^ 511} {
			if _, err := d.WriteAt(c, p, off); err != nil {
				continue
			}
			got := make([]byte, sectorSize)
			if _, err := d.ReadAt(c, got, off); err != nil || !bytes.Equal(got, p) {
				t.Fatalf("%d: %v", off, err)
			}
		}
	})
}

// memory is an image in memory of at most 64 MiB.
type memory struct{ data []byte }

func (m *memory) ReadAt(_ engine.Call, p []byte, off int64) (int, error) {
	if off >= int64(len(m.data)) {
		return 0, nil
	}
	return copy(p, m.data[off:]), nil
}

func (m *memory) WriteAt(_ engine.Call, p []byte, off int64) (int, error) {
	if off+int64(len(p)) > 64<<20 {
		return 0, unix.ENOSPC
	}
	if more := off + int64(len(p)) - int64(len(m.data)); more > 0 {
		m.data = append(m.data, make([]byte, more)...)
	}
	return copy(m.data[off:], p), nil
}
func (m *memory) Size(engine.Call) (int64, error) { return int64(len(m.data)), nil }
func (m *memory) Sync(engine.Call) error          { return nil }
func (m *memory) ReadOnly() bool                  { return false }
func (m *memory) Close(engine.Call)               {}
