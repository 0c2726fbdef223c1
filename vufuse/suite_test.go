// SPDX-License-Identifier: Apache-2.0

package vufuse_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
)

// suite is what a writable file system with the semantics of a local one must do.
var suite = map[string]func(t *testing.T, x *enginetest.Tree){
	"ReadWrite":       testReadWrite,
	"BigFile":         testBigFile,
	"Append":          testAppend,
	"Truncate":        testTruncate,
	"Directories":     testDirectories,
	"ManyNames":       testManyNames,
	"Symlinks":        testSymlinks,
	"Links":           testLinks,
	"Rename":          testRename,
	"RenameDirectory": testRenameDirectory,
	"Exclusive":       testExclusive,
	"UnlinkOpen":      testUnlinkOpen,
	"Attributes":      testAttributes,
	"Errors":          testErrors,
	"Parallel":        testParallel,
	"Mknod":           testMknod,
}

// runSuite runs every test on a file system of its own.
func runSuite(t *testing.T, mount func(t *testing.T) *enginetest.Tree) {
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range suite {
			if !yield(name) {
				return
			}
		}
	}) {
		t.Run(name, func(t *testing.T) { suite[name](t, mount(t)) })
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func fails(t *testing.T, err error, want unix.Errno) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}

func contents(t *testing.T, x *enginetest.Tree, name, want string) {
	t.Helper()
	b, err := x.ReadFile(name)
	ok(t, err)
	if string(b) != want {
		t.Fatalf("%s has %.40q (%d bytes), want %.40q (%d bytes)", name, b, len(b), want, len(want))
	}
}

func size(t *testing.T, x *enginetest.Tree, name string, want uint64) {
	t.Helper()
	st, err := x.Stat(name)
	ok(t, err)
	if st.Size != want {
		t.Fatalf("size of %s is %d, want %d", name, st.Size, want)
	}
}

func names(t *testing.T, x *enginetest.Tree, dir string) []string {
	t.Helper()
	list, err := x.ReadDir(dir)
	ok(t, err)
	var s []string
	for _, e := range list {
		s = append(s, e.Name)
	}
	slices.Sort(s)
	return s
}

func testReadWrite(t *testing.T, x *enginetest.Tree) {
	ok(t, x.WriteFile("f", []byte("hello"), 0o644))
	contents(t, x, "f", "hello")
	size(t, x, "f", 5)
	h, err := x.Open("f", unix.O_RDWR, 0)
	ok(t, err)
	_, err = h.WriteAt([]byte("J"), 0)
	ok(t, err)
	_, err = h.WriteAt([]byte("end"), 10)
	ok(t, err)
	n, err := h.Size()
	ok(t, err)
	if n != 13 {
		t.Fatalf("size %d after a write beyond the end", n)
	}
	ok(t, h.Fsync())
	ok(t, h.Close())
	contents(t, x, "f", "Jello\x00\x00\x00\x00\x00end")
	ok(t, x.WriteFile("f", []byte("x"), 0o644))
	contents(t, x, "f", "x")
}

func testBigFile(t *testing.T, x *enginetest.Tree) {
	big := make([]byte, 3<<20+777)
	for i := range big {
		big[i] = byte(i * 7 >> 3)
	}
	ok(t, x.WriteFile("big", big, 0o600))
	size(t, x, "big", uint64(len(big)))
	h, err := x.Open("big", unix.O_RDONLY, 0)
	ok(t, err)
	defer h.Close()
	got := make([]byte, len(big)+1000)
	n, err := h.ReadAt(got, 0)
	ok(t, err)
	if n != len(big) || !bytes.Equal(got[:n], big) {
		t.Fatalf("read %d bytes of %d, or others", n, len(big))
	}
	n, err = h.ReadAt(got[:100], int64(len(big)))
	if n != 0 || err != nil {
		t.Fatalf("read at the end: %d, %v", n, err)
	}
}

func testAppend(t *testing.T, x *enginetest.Tree) {
	ok(t, x.WriteFile("f", []byte("one"), 0o644))
	h, err := x.Open("f", unix.O_WRONLY|unix.O_APPEND, 0)
	ok(t, err)
	for _, s := range []string{"two", "three"} {
		_, err = h.WriteAt([]byte(s), 0)
		ok(t, err)
	}
	ok(t, h.Close())
	contents(t, x, "f", "onetwothree")
}

func testTruncate(t *testing.T, x *enginetest.Tree) {
	ok(t, x.WriteFile("f", []byte("0123456789"), 0o644))
	ok(t, x.Truncate("f", 4))
	contents(t, x, "f", "0123")
	ok(t, x.Truncate("f", 6))
	contents(t, x, "f", "0123\x00\x00")
	h, err := x.Open("f", unix.O_RDWR|unix.O_TRUNC, 0)
	ok(t, err)
	n, err := h.Size()
	ok(t, err)
	if n != 0 {
		t.Fatalf("size %d after O_TRUNC", n)
	}
	ok(t, h.Close())
	size(t, x, "f", 0)
}

func testDirectories(t *testing.T, x *enginetest.Tree) {
	ok(t, x.Mkdir("a", 0o755))
	ok(t, x.Mkdir("a/b", 0o700))
	st, err := x.Stat("a/b")
	ok(t, err)
	if st.Mode != unix.S_IFDIR|0o700 {
		t.Fatalf("mode %o", st.Mode)
	}
	fails(t, x.Mkdir("a", 0o755), unix.EEXIST)
	fails(t, x.Rmdir("a"), unix.ENOTEMPTY)
	fails(t, x.Unlink("a/b"), unix.EISDIR)
	n, err := x.Lookup("a/b", true)
	ok(t, err)
	dir, name, err := n.(engine.NodeParenter).Parent(x.Call)
	ok(t, err)
	if a, _ := x.Lookup("a", true); dir != a || name != "b" {
		t.Fatalf("a/b is %q in %v", name, dir)
	}
	ok(t, x.Rmdir("a/b"))
	_, _, err = n.(engine.NodeParenter).Parent(x.Call)
	fails(t, err, unix.ENOENT)
	ok(t, x.Rmdir("a"))
	if s := names(t, x, "/"); len(s) != 0 {
		t.Fatalf("left: %q", s)
	}
}

func testManyNames(t *testing.T, x *enginetest.Tree) {
	var want []string
	ok(t, x.Mkdir("d", 0o755))
	for i := range 700 {
		name := fmt.Sprintf("a-rather-long-name-so-that-a-listing-takes-several-requests-%04d", i)
		ok(t, x.WriteFile("d/"+name, nil, 0o644))
		want = append(want, name)
	}
	for range 2 {
		if got := names(t, x, "d"); !slices.Equal(got, want) {
			t.Fatalf("%d names, want %d", len(got), len(want))
		}
	}
	for _, name := range want {
		ok(t, x.Unlink("d/"+name))
	}
	ok(t, x.Rmdir("d"))
}

func testSymlinks(t *testing.T, x *enginetest.Tree) {
	ok(t, x.Mkdir("d", 0o755))
	ok(t, x.WriteFile("d/f", []byte("data"), 0o644))
	ok(t, x.Symlink("d/f", "l"))
	ok(t, x.Symlink("d", "ld"))
	ok(t, x.Symlink("loop", "loop"))
	contents(t, x, "l", "data")
	contents(t, x, "ld/f", "data")
	s, err := x.Readlink("l")
	if s != "d/f" || err != nil {
		t.Fatalf("%q, %v", s, err)
	}
	_, err = x.Stat("loop")
	fails(t, err, unix.ELOOP)
	st, err := x.Lstat("l")
	ok(t, err)
	if st.Mode&unix.S_IFMT != unix.S_IFLNK || st.Size != 3 {
		t.Fatalf("lstat: mode %o size %d", st.Mode, st.Size)
	}
}

func testLinks(t *testing.T, x *enginetest.Tree) {
	ok(t, x.WriteFile("f", []byte("x"), 0o644))
	ok(t, x.Link("f", "g"))
	a, err := x.Stat("f")
	ok(t, err)
	b, err := x.Stat("g")
	ok(t, err)
	if a.Ino != b.Ino || a.Nlink != 2 || b.Nlink != 2 {
		t.Fatalf("ino %d and %d, nlink %d and %d", a.Ino, b.Ino, a.Nlink, b.Nlink)
	}
	fails(t, x.Link("f", "g"), unix.EEXIST)
	ok(t, x.Unlink("f"))
	b, err = x.Stat("g")
	ok(t, err)
	if b.Nlink != 1 {
		t.Fatalf("nlink %d", b.Nlink)
	}
	contents(t, x, "g", "x")
}

func testRename(t *testing.T, x *enginetest.Tree) {
	ok(t, x.WriteFile("a", []byte("A"), 0o644))
	ok(t, x.WriteFile("b", []byte("B"), 0o644))
	ok(t, x.Mkdir("d", 0o755))
	fails(t, x.Rename("a", "b", unix.RENAME_NOREPLACE), unix.EEXIST)
	ok(t, x.Rename("a", "b", 0))
	contents(t, x, "b", "A")
	_, err := x.Stat("a")
	fails(t, err, unix.ENOENT)
	fails(t, x.Rename("b", "d", 0), unix.EISDIR)
	fails(t, x.Rename("d", "b", 0), unix.ENOTDIR)
	ok(t, x.Rename("b", "d/c", 0))
	contents(t, x, "d/c", "A")
	fails(t, x.Rename("nothing", "d/c", 0), unix.ENOENT)
	fails(t, x.Rename("d", "d/e", 0), unix.EINVAL)
	ok(t, x.WriteFile("e", []byte("E"), 0o644))
	if err := x.Rename("e", "d/c", unix.RENAME_EXCHANGE); !errors.Is(err, unix.EINVAL) {
		ok(t, err)
		contents(t, x, "e", "A")
		contents(t, x, "d/c", "E")
	}
}

func testRenameDirectory(t *testing.T, x *enginetest.Tree) {
	ok(t, x.Mkdir("a", 0o755))
	ok(t, x.Mkdir("a/b", 0o755))
	ok(t, x.Mkdir("z", 0o755))
	ok(t, x.WriteFile("a/b/f", []byte("x"), 0o644))
	n, err := x.Lookup("a/b", true)
	ok(t, err)
	ok(t, x.Rename("a/b", "z/c", 0))
	contents(t, x, "z/c/f", "x")
	dir, name, err := n.(engine.NodeParenter).Parent(x.Call)
	ok(t, err)
	if z, _ := x.Lookup("z", true); dir != z || name != "c" {
		t.Fatalf("renamed directory is %q in %v", name, dir)
	}
	fails(t, x.Rename("a", "z", 0), unix.ENOTEMPTY)
	ok(t, x.Mkdir("empty", 0o755))
	ok(t, x.Rename("z", "empty", 0))
	contents(t, x, "empty/c/f", "x")
}

func testExclusive(t *testing.T, x *enginetest.Tree) {
	h, err := x.Open("f", unix.O_RDWR|unix.O_CREAT|unix.O_EXCL, 0o640)
	ok(t, err)
	ok(t, h.Close())
	_, err = x.Open("f", unix.O_RDWR|unix.O_CREAT|unix.O_EXCL, 0o640)
	fails(t, err, unix.EEXIST)
	st, err := x.Stat("f")
	ok(t, err)
	if st.Mode != unix.S_IFREG|0o640 {
		t.Fatalf("mode %o", st.Mode)
	}
	// Somebody else was faster.
	dir := x.FS.Root().(engine.NodeCreater)
	_, _, err = dir.Create(x.Call, "f", unix.O_RDWR|unix.O_CREAT|unix.O_EXCL, 0o600)
	fails(t, err, unix.EEXIST)
}

func testUnlinkOpen(t *testing.T, x *enginetest.Tree) {
	ok(t, x.WriteFile("f", []byte("still here"), 0o644))
	h, err := x.Open("f", unix.O_RDWR, 0)
	ok(t, err)
	ok(t, x.Unlink("f"))
	_, err = x.Stat("f")
	fails(t, err, unix.ENOENT)
	b, err := h.ReadAll()
	if string(b) != "still here" || err != nil {
		t.Fatalf("%q, %v", b, err)
	}
	ok(t, x.WriteFile("f", []byte("new"), 0o644))
	contents(t, x, "f", "new")
	b, err = h.ReadAll()
	if string(b) != "still here" || err != nil {
		t.Fatalf("%q, %v", b, err)
	}
	ok(t, h.Close())
}

func testAttributes(t *testing.T, x *enginetest.Tree) {
	ok(t, x.WriteFile("f", []byte("x"), 0o644))
	ok(t, x.Chmod("f", 0o600))
	when := unix.Timespec{Sec: 1234567890, Nsec: 123456789}
	ok(t, x.Setattr("f", &engine.SetAttr{Valid: engine.AttrAtime | engine.AttrMtime, Atime: when, Mtime: when}))
	st, err := x.Stat("f")
	ok(t, err)
	if st.Mode != unix.S_IFREG|0o600 || st.Mtime.Sec != when.Sec || int64(st.Mtime.Nsec) != when.Nsec {
		t.Fatalf("mode %o, mtime %v", st.Mode, st.Mtime)
	}
	ok(t, x.Setattr("f", &engine.SetAttr{Valid: engine.AttrMtimeNow | engine.AttrAtimeNow}))
	st, err = x.Stat("f")
	ok(t, err)
	if st.Mtime.Sec <= when.Sec {
		t.Fatalf("mtime %v", st.Mtime)
	}
	if x.Call.Cred().FSUID == 0 {
		ok(t, x.Setattr("f", &engine.SetAttr{Valid: engine.AttrUID | engine.AttrGID, UID: 12, GID: 34}))
		st, err = x.Stat("f")
		ok(t, err)
		if st.Uid != 12 || st.Gid != 34 {
			t.Fatalf("owner %d:%d", st.Uid, st.Gid)
		}
	}
	if st.Dev_minor == 0 && st.Dev_major == 0 {
		t.Fatal("no device number")
	}
	var fs unix.Statfs_t
	ok(t, x.FS.(engine.FileSystemStatfser).Statfs(x.Call, x.FS.Root(), &fs))
	if fs.Bsize == 0 {
		t.Fatalf("statfs: %+v", fs)
	}
}

func testErrors(t *testing.T, x *enginetest.Tree) {
	ok(t, x.WriteFile("f", nil, 0o644))
	_, err := x.Stat("f/x")
	fails(t, err, unix.ENOTDIR)
	_, err = x.Stat("no/x")
	fails(t, err, unix.ENOENT)
	fails(t, x.Unlink("no"), unix.ENOENT)
	fails(t, x.Rmdir("f"), unix.ENOTDIR)
	_, err = x.Open("/", unix.O_RDWR, 0)
	fails(t, err, unix.EISDIR)
	_, err = x.Stat(string(bytes.Repeat([]byte("n"), 2000)))
	fails(t, err, unix.ENAMETOOLONG)
	n, err := x.Lookup("f", true)
	ok(t, err)
	if _, err := n.(engine.NodeXattrer).Getxattr(x.Call, "user.none"); err == nil {
		t.Fatal("an attribute out of nothing")
	}
}

func testParallel(t *testing.T, x *enginetest.Tree) {
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			dir := fmt.Sprintf("d%d", g%4)
			if err := x.Mkdir(dir, 0o755); err != nil && !errors.Is(err, unix.EEXIST) {
				t.Error(err)
			}
			for i := range 20 {
				name := fmt.Sprintf("%s/f%d-%d", dir, g, i)
				if err := x.WriteFile(name, []byte(name), 0o644); err != nil {
					t.Error(err)
					return
				}
				if b, err := x.ReadFile(name); string(b) != name || err != nil {
					t.Errorf("%s: %q, %v", name, b, err)
				}
				if _, err := x.ReadDir(dir); err != nil {
					t.Error(err)
				}
				if err := x.Rename(name, name+"x", 0); err != nil {
					t.Error(err)
				}
				if i%2 == 0 {
					if err := x.Unlink(name + "x"); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	for g := range 4 {
		if n := len(names(t, x, fmt.Sprintf("d%d", g))); n != 20 {
			t.Errorf("d%d has %d names, want 20", g, n)
		}
	}
}

func testMknod(t *testing.T, x *enginetest.Tree) {
	ok(t, x.Mknod("fifo", unix.S_IFIFO|0o600, 0))
	st, err := x.Stat("fifo")
	ok(t, err)
	if st.Mode != unix.S_IFIFO|0o600 {
		t.Fatalf("mode %o", st.Mode)
	}
	fails(t, x.Mknod("fifo", unix.S_IFREG|0o600, 0), unix.EEXIST)
}
