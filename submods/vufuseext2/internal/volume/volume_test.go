// SPDX-License-Identifier: Apache-2.0

package volume_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"vuos.dev/submods/vufuseext2/internal/e2test"
	"vuos.dev/submods/vufuseext2/internal/volume"
)

var root = volume.Cred{}

func open(t testing.TB, img string, write bool) *volume.Volume {
	t.Helper()
	v, err := volume.Open(img, volume.Options{Write: write, Warn: func(s string) { t.Errorf("warning: %s", s) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return v
}

// finish closes a volume and has e2fsck look at it.
func finish(t testing.TB, v *volume.Volume, img string) {
	t.Helper()
	if err := v.Close(); err != nil {
		t.Fatalf("closing: %v", err)
	}
	e2test.Fsck(t, img)
}

func must[T any](t testing.TB) func(T, error) T {
	return func(x T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
}

// list gives the names of a directory with their entries.
func list(t testing.TB, v *volume.Volume, dir uint32) map[string]volume.DirEntry {
	t.Helper()
	d := must[*volume.Dir](t)(v.OpenDir(dir))
	defer d.Close()
	all := map[string]volume.DirEntry{}
	if err := d.Read(0, func(e volume.DirEntry, _ func() (volume.Attr, error)) bool {
		all[e.Name] = e
		return true
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func readAll(t testing.TB, v *volume.Volume, a volume.Attr, chunk int) []byte {
	t.Helper()
	var out []byte
	buf := make([]byte, chunk)
	for {
		n, err := v.Read(a.Ino, buf, uint64(len(out)))
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return out
		}
		out = append(out, buf[:n]...)
	}
}

// walk finds a path below the root.
func walk(t testing.TB, v *volume.Volume, path string) volume.Attr {
	t.Helper()
	a := must[volume.Attr](t)(v.GetAttr(volume.Root))
	for name := range strings.SplitSeq(path, "/") {
		if name != "" && name != "." {
			a = must[volume.Attr](t)(v.Lookup(a.Ino, name))
		}
	}
	return a
}

// compare checks that the volume has what dir has.
func compare(t *testing.T, v *volume.Volume, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		a := walk(t, v, rel)
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil {
			return err
		}
		if rel != "." && a.Mode != st.Mode {
			t.Errorf("%s: mode %o, want %o", rel, a.Mode, st.Mode)
		}
		switch {
		case e.IsDir():
			ents, err := os.ReadDir(path)
			got := list(t, v, a.Ino)
			delete(got, "lost+found")
			if err != nil || len(got) != len(ents)+2 {
				t.Errorf("%s: %d entries, want %d and 2 (%v)", rel, len(got), len(ents), err)
			}
		case e.Type()&fs.ModeSymlink != 0:
			want, _ := os.Readlink(path)
			if got := must[[]byte](t)(v.Readlink(a.Ino)); string(got) != want {
				t.Errorf("%s -> %q, want %q", rel, got, want)
			}
		default:
			want, _ := os.ReadFile(path)
			for _, chunk := range []int{128 << 10, 3333} {
				if got := readAll(t, v, a, chunk); !bytes.Equal(got, want) {
					t.Errorf("%s: contents differ (%d bytes, want %d)", rel, len(got), len(want))
				}
			}
			if uint64(st.Nlink) != uint64(a.Nlink) {
				t.Errorf("%s: %d links, want %d", rel, a.Nlink, st.Nlink)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestRead reads images of all kinds that mke2fs filled.
func TestRead(t *testing.T) {
	dir := e2test.Tree(t)
	for name, args := range e2test.Flavours {
		t.Run(name, func(t *testing.T) {
			compare(t, open(t, e2test.Mkfs(t, "32M", dir, args...), false), dir)
		})
	}
}

// TestOffset reads a file system that does not begin where the image does.
func TestOffset(t *testing.T) {
	dir := e2test.Tree(t)
	img := e2test.Mkfs(t, "32M", dir, "-t", "ext4")
	data := must[[]byte](t)(os.ReadFile(img))
	if err := os.WriteFile(img, append(make([]byte, 1<<20), data...), 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := volume.Open(img, volume.Options{Offset: 1 << 20, Write: true})
	if err != nil {
		t.Fatal(err)
	}
	compare(t, v, dir)
	must[volume.Attr](t)(v.Mkdir(volume.Root, "new", 0o755, root))
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	data = must[[]byte](t)(os.ReadFile(img))
	if !bytes.Equal(data[:1<<20], make([]byte, 1<<20)) {
		t.Error("something was written before the offset")
	}
	if err := os.WriteFile(img, data[1<<20:], 0o600); err != nil {
		t.Fatal(err)
	}
	e2test.Fsck(t, img)
}

// copyIn writes a tree into a volume.
func copyIn(t *testing.T, v *volume.Volume, dir string) {
	t.Helper()
	inos := map[string]uint32{".": volume.Root}
	hard := map[uint64]uint32{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(dir, path)
		if err != nil || rel == "." {
			return err
		}
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil {
			return err
		}
		parent := inos[filepath.Dir(rel)]
		switch {
		case e.IsDir():
			inos[rel] = must[volume.Attr](t)(v.Mkdir(parent, e.Name(), st.Mode, root)).Ino
		case e.Type()&fs.ModeSymlink != 0:
			target, _ := os.Readlink(path)
			must[volume.Attr](t)(v.Symlink(parent, e.Name(), target, root))
		case hard[st.Ino] != 0:
			must[volume.Attr](t)(v.Link(hard[st.Ino], parent, e.Name(), root))
		default:
			a := must[volume.Attr](t)(v.Mknod(parent, e.Name(), st.Mode, 0, false, root))
			data, _ := os.ReadFile(path)
			for off := 0; off < len(data); off += 5000 {
				part := data[off:min(off+5000, len(data))]
				if n, err := v.Write(a.Ino, part, uint64(off), false, root); n != len(part) || err != nil {
					t.Fatalf("%s: wrote %d at %d: %v", rel, n, off, err)
				}
			}
			hard[st.Ino] = a.Ino
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestWrite fills images of all kinds, compares, removes everything again, and has e2fsck check both states.
func TestWrite(t *testing.T) {
	dir := e2test.Tree(t)
	for name, args := range e2test.Flavours {
		t.Run(name, func(t *testing.T) {
			img := e2test.Mkfs(t, "32M", "", args...)
			v := open(t, img, true)
			before := must[volume.Statfs](t)(v.Statfs())
			copyIn(t, v, dir)
			compare(t, v, dir)
			finish(t, v, img)
			v = open(t, img, true)
			compare(t, v, dir)
			for name, e := range list(t, v, volume.Root) {
				if name != "." && name != ".." && name != "lost+found" {
					removeAll(t, v, volume.Root, e)
				}
			}
			after := must[volume.Statfs](t)(v.Statfs())
			if d := before.Free - after.Free; d > 16 || before.FreeFiles != after.FreeFiles {
				t.Errorf("free: %d blocks and %d inodes, were %d and %d", after.Free, after.FreeFiles, before.Free, before.FreeFiles)
			}
			finish(t, v, img)
		})
	}
}

func removeAll(t *testing.T, v *volume.Volume, dir uint32, e volume.DirEntry) {
	t.Helper()
	defer v.Forget(e.Ino, 1<<62)
	a := must[volume.Attr](t)(v.GetAttr(e.Ino))
	if a.Mode&unix.S_IFMT != unix.S_IFDIR {
		if err := v.Unlink(dir, e.Name); err != nil {
			t.Fatalf("unlink %s: %v", e.Name, err)
		}
		return
	}
	for name, sub := range list(t, v, e.Ino) {
		if name != "." && name != ".." {
			removeAll(t, v, e.Ino, sub)
		}
	}
	if err := v.Rmdir(dir, e.Name); err != nil {
		t.Fatalf("rmdir %s: %v", e.Name, err)
	}
}

// wantErr checks an errno.
func wantErr(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error %v, want %v", what, err, want)
	}
}

// TestHashTree fills directories until their hash tree has a second level, and empties them.
func TestHashTree(t *testing.T) {
	for _, name := range []string{"ext4-1k", "ext4-nocsum", "ext3", "ext2-old"} {
		t.Run(name, func(t *testing.T) {
			img := e2test.Mkfs(t, "64M", "", append([]string{"-N", "20000"}, e2test.Flavours[name]...)...)
			v := open(t, img, true)
			dir := must[volume.Attr](t)(v.Mkdir(volume.Root, "dir", 0o755, root)).Ino
			file := must[volume.Attr](t)(v.Mknod(volume.Root, "file", 0o644, 0, false, root)).Ino
			const n = 12000
			entry := func(i int) string { return fmt.Sprintf("%0100d", i*7919) }
			for i := range n {
				must[volume.Attr](t)(v.Link(file, dir, entry(i), root))
			}
			if got := len(list(t, v, dir)); got != n+2 {
				t.Errorf("%d entries, want %d", got, n+2)
			}
			finish(t, v, img)
			if out := e2test.Debugfs(t, img, "htree /dir", false); name != "ext2-old" && !strings.Contains(out, "Indirect levels: 1") {
				t.Errorf("no hash tree of two levels:\n%.300s", out)
			}
			v = open(t, img, true)
			for i := range n {
				if i%3 != 0 {
					if err := v.Unlink(dir, entry(i)); err != nil {
						t.Fatal(err)
					}
				}
			}
			wantErr(t, "rmdir", v.Rmdir(volume.Root, "dir"), unix.ENOTEMPTY)
			finish(t, v, img)
		})
	}
}
