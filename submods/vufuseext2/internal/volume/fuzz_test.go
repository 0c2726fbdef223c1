// SPDX-License-Identifier: Apache-2.0

package volume_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"vuos.dev/submods/vufuseext2/internal/e2test"
	"vuos.dev/submods/vufuseext2/internal/volume"
)

// baseImages makes small images of the kinds that have the most different structures.
func baseImages(t testing.TB) [][]byte {
	t.Helper()
	dir := t.TempDir()
	must[any](t)(nil, os.MkdirAll(filepath.Join(dir, "sub/dir"), 0o755))
	for name, n := range map[string]int{"small": 40, "inline": 120, "block": 3000, "sub/big": 70000, "sub/dir/x": 1} {
		must[any](t)(nil, os.WriteFile(filepath.Join(dir, name), make1(n), 0o644))
	}
	for i := range 60 {
		must[any](t)(nil, os.Symlink(strings.Repeat("t", 1+i*3), filepath.Join(dir, "sub", strings.Repeat("l", i+1))))
	}
	var all [][]byte
	for _, args := range [][]string{
		{"-t", "ext2", "-b", "1024"},
		{"-t", "ext4", "-b", "1024", "-O", "^metadata_csum,^has_journal"},
		{"-t", "ext4", "-b", "1024", "-O", "^metadata_csum,^has_journal,inline_data,^64bit"},
		{"-t", "ext4", "-b", "1024", "-O", "^has_journal"},
	} {
		img := e2test.Mkfs(t, "1M", dir, append([]string{"-N", "128"}, args...)...)
		v := open(t, img, true)
		if err := v.Setxattr(volume.Root, "user.attribute", []byte(strings.Repeat("v", 200)), 0); err != nil {
			t.Fatal(err)
		}
		d := mkdir(t, v, volume.Root, "indexed")
		for i := range 30 {
			mkfile(t, v, d, strings.Repeat(string(rune('A'+i)), 100))
		}
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
		all = append(all, must[[]byte](t)(os.ReadFile(img)))
	}
	return all
}

func make1(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7)
	}
	return b
}

// damage changes up to 24 bytes of an image: in the superblock, or where its tables, directories and extents are.
func damage(img []byte, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 3))
	for range 1 + rnd.IntN(24) {
		var off int
		switch rnd.IntN(8) {
		case 0:
			off = 1024 + rnd.IntN(512)
		case 1:
			off = 2048 + rnd.IntN(128)
		default:
			off = 2048 + rnd.IntN(100<<10)
		}
		switch rnd.IntN(3) {
		case 0:
			img[off] = byte(rnd.Uint32())
		case 1:
			img[off] ^= 1 << rnd.IntN(8)
		default:
			img[off] = []byte{0, 0xff, 0x7f, 0x80}[rnd.IntN(4)]
		}
	}
}

// FuzzImage opens damaged images and does what it can to them. Errors are right; crashes and endless loops are not.
func FuzzImage(f *testing.F) {
	images := baseImages(f)
	for seed := range uint64(400) {
		f.Add(seed, uint8(seed%4), seed%3 == 0)
	}
	f.Fuzz(func(t *testing.T, seed uint64, kind uint8, write bool) {
		img := append([]byte(nil), images[int(kind)%len(images)]...)
		damage(img, seed)
		path := filepath.Join(t.TempDir(), "image")
		if err := os.WriteFile(path, img, 0o600); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		v, err := volume.Open(path, volume.Options{Write: write})
		if err != nil {
			return
		}
		x := &explorer{v: v, seen: map[uint32]bool{}, left: 3000}
		x.visit(volume.Root)
		if write {
			x.change()
		}
		_ = v.Close() // may fail, must end
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("seed %d: took %v", seed, d)
		}
	})
}

// explorer walks an image that may lie.
type explorer struct {
	v    *volume.Volume
	seen map[uint32]bool
	dirs []uint32
	left int
}

func (x *explorer) visit(ino uint32) {
	if x.left--; x.left < 0 || x.seen[ino] {
		return
	}
	x.seen[ino] = true
	a, err := x.v.GetAttr(ino)
	if err != nil {
		return
	}
	_, _ = x.v.Getxattr(ino, "user.attribute")
	_, _ = x.v.Listxattr(ino, root)
	switch a.Mode & unix.S_IFMT {
	case unix.S_IFLNK:
		_, _ = x.v.Readlink(ino)
	case unix.S_IFREG:
		buf := make([]byte, 64<<10)
		for _, off := range []uint64{0, 64 << 10, 12 << 10, 1 << 30, 1 << 40, a.Size - 10} {
			_, _ = x.v.Read(ino, buf, off)
			_, _ = x.v.Seek(ino, off, unix.SEEK_DATA)
		}
	case unix.S_IFDIR:
		x.list(ino)
	}
}

func (x *explorer) list(ino uint32) {
	d, err := x.v.OpenDir(ino)
	if err != nil {
		return
	}
	x.dirs = append(x.dirs, ino)
	var below []uint32
	_ = d.Read(0, func(e volume.DirEntry, _ func() (volume.Attr, error)) bool {
		below = append(below, e.Ino)
		return len(below) < 2000
	})
	d.Close()
	_, _ = x.v.Lookup(ino, "none")
	for _, sub := range below {
		x.visit(sub)
	}
}

// change tries every kind of change on what was found.
func (x *explorer) change() {
	v := x.v
	for _, d := range x.dirs[:min(len(x.dirs), 20)] {
		_, _ = v.Mkdir(d, "fuzz-dir", 0o755, root)
		if a, err := v.Mknod(d, "fuzz-file", unix.S_IFREG|0o644, 0, false, root); err == nil {
			_, _ = v.Write(a.Ino, make1(5000), 100, false, root)
			_ = v.Setxattr(a.Ino, "user.x", make1(100), 0)
		}
		_ = v.Rename(d, "fuzz-file", volume.Root, "fuzz-moved", 0, root)
		_ = v.Rmdir(d, "fuzz-dir")
		_ = v.Unlink(d, "block")
		_ = v.Rmdir(d, "dir")
	}
	n := 0
	size := uint64(10)
	for ino := range x.seen {
		if n++; n > 60 {
			break
		}
		_, _ = v.Write(ino, make1(3000), 2000, false, root)
		_ = v.Fallocate(ino, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, 0, 1500, root)
		_ = v.Setxattr(ino, "user.attribute", make1(10), 0)
		_, _ = v.SetAttr(ino, volume.SetAttr{Size: &size}, root)
	}
}
