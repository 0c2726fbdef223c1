// SPDX-License-Identifier: Apache-2.0

package vufusereal_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
	"vuos.dev/submods/vufusereal"
	"vuos.dev/vufuse"
)

func mount(source string) (engine.FileSystem, error) {
	m, err := vufuse.New(vufusereal.Submodule).Load(&enginetest.Host{})
	if err != nil {
		return nil, err
	}
	r := &engine.MountRequest{Type: "vufusereal", Source: source}
	return m.(engine.Mounter).Mount(enginetest.NewCall(), r)
}

func TestSameTree(t *testing.T) {
	dir := t.TempDir()
	f, err := mount(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := enginetest.NewCall()
	x := &enginetest.Tree{FS: f, Call: c}
	if err := x.WriteFile("new", []byte("through FUSE"), 0o644); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "new")); string(b) != "through FUSE" || err != nil {
		t.Fatalf("on the host: %q, %v", b, err)
	}
	if err := f.Unmount(c); err != nil {
		t.Fatal(err)
	}
}

func TestBadSource(t *testing.T) {
	if _, err := mount("/no/such"); !errors.Is(err, unix.ENOENT) {
		t.Errorf("missing: %v", err)
	}
	if _, err := mount("/etc/passwd"); !errors.Is(err, unix.ENOTDIR) {
		t.Errorf("a file: %v", err)
	}
}

// TestPermission checks that another user cannot do what the modes forbid, although umvu could.
func TestPermission(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "secret"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := vufuse.New(vufusereal.Submodule).Load(&enginetest.Host{})
	if err != nil {
		t.Fatal(err)
	}
	other := enginetest.NewCall()
	other.Who = engine.Cred{IDs: engine.SameIDs(4711, 0)}
	f, err := m.(engine.Mounter).Mount(other, &engine.MountRequest{Type: "vufusereal", Source: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Unmount(other)
	x := &enginetest.Tree{FS: f, Call: other}
	if _, err := x.Open("secret", unix.O_RDONLY, 0); err != unix.EACCES {
		t.Errorf("open: %v", err)
	}
	if err := x.Chmod("secret", 0o666); err != unix.EPERM {
		t.Errorf("chmod: %v", err)
	}
}

// TestRemovedWhileKnown checks that an inode stays what it was for who knows it, and that nothing but the inode of the tree is
// found where it was.
func TestRemovedWhileKnown(t *testing.T) {
	dir := t.TempDir()
	f, err := mount(dir)
	if err != nil {
		t.Fatal(err)
	}
	c := enginetest.NewCall()
	defer f.Unmount(c)
	x := &enginetest.Tree{FS: f, Call: c}
	if err := x.WriteFile("gone", []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	n, err := x.Lookup("gone", false)
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Unlink("gone"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "gone")); err != nil {
		t.Fatal(err)
	}
	var st unix.Statx_t
	if err := n.Stat(c, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG || st.Size != 3 {
		t.Errorf("the removed file: mode %#o, %d bytes, %v", st.Mode, st.Size, err)
	}
}
