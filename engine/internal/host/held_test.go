// SPDX-License-Identifier: Apache-2.0

package host

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
)

// heldDir is a held directory of that name in dir.
func heldDir(t *testing.T, dir, name string) Node {
	t.Helper()
	n, err := Dir(dir).Mkdir(enginetest.NewCall(), name, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	return held(t, n)
}

func held(t *testing.T, n engine.Node) Node {
	t.Helper()
	h, err := n.(Node).Hold(enginetest.NewCall())
	if err != nil {
		t.Fatal(err)
	}
	if !h.(Node).Held() {
		t.Fatalf("%s is not held", h.(Node).Name())
	}
	return h.(Node)
}

// canonical is a temporary directory.
func canonical(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// A held directory is the same one whatever becomes of its name.
func TestHeldDirectoryIsRenamed(t *testing.T) {
	c, dir := enginetest.NewCall(), canonical(t)
	n := heldDir(t, dir, "d")
	if _, f, err := n.Create(c, "f", unix.O_RDWR, 0o644); err != nil {
		t.Fatal(err)
	} else {
		f.Release(c)
	}
	if err := os.Rename(dir+"/d", dir+"/e"); err != nil {
		t.Fatal(err)
	}
	if p, err := n.Current(); p != dir+"/e" || err != nil {
		t.Errorf("it is %q, %v", p, err)
	}
	if nodes, err := n.Walk(c, []string{"f"}); len(nodes) != 1 || err != nil {
		t.Errorf("f in it: %v, %v", nodes, err)
	}
	up, name, err := n.Parent(c)
	if up != held(t, Dir(dir)) || name != "e" || err != nil {
		t.Errorf("its parent: %v, %q, %v", up, name, err)
	}
	if err := n.Unlink(c, "f"); err != nil {
		t.Error(err)
	}
}

// A removed directory knows where it was, but has no name and takes no entries.
func TestHeldDirectoryIsRemoved(t *testing.T) {
	c, dir := enginetest.NewCall(), canonical(t)
	n := heldDir(t, dir, "d")
	if err := os.Remove(dir + "/d"); err != nil {
		t.Fatal(err)
	}
	var st unix.Statx_t
	if err := n.Stat(c, &st); err != nil || st.Nlink != 0 {
		t.Errorf("%d links, %v", st.Nlink, err)
	}
	if _, err := n.Mkdir(c, "x", 0o755); err != unix.ENOENT {
		t.Errorf("mkdir in it: %v", err)
	}
	if _, _, err := n.Parent(c); err != unix.ENOENT {
		t.Errorf("its name: %v", err)
	}
	if up, err := n.Up(c); up != held(t, Dir(dir)) || err != nil {
		t.Errorf("where it was: %v, %v", up, err)
	}
}

// Changes of a held inode, of any type, are changes of that inode and not of what has its name.
func TestHeldAttributes(t *testing.T) {
	c, dir := enginetest.NewCall(), canonical(t)
	for _, typ := range []uint32{unix.S_IFREG, unix.S_IFLNK, unix.S_IFDIR} {
		var made engine.Node
		var err error
		switch typ {
		case unix.S_IFREG:
			made, err = Dir(dir).Mknod(c, "n", typ|0o644, 0)
		case unix.S_IFLNK:
			made, err = Dir(dir).Symlink(c, "n", "nowhere")
		case unix.S_IFDIR:
			made, err = Dir(dir).Mkdir(c, "n", 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
		n := held(t, made)
		if err := os.Rename(dir+"/n", dir+"/moved"); err != nil {
			t.Fatal(err)
		}
		a := &engine.SetAttr{Valid: engine.AttrMtime | engine.AttrUID, UID: uint32(os.Getuid()), Mtime: unix.Timespec{Sec: 42}}
		if typ != unix.S_IFLNK {
			a.Valid, a.Mode = a.Valid|engine.AttrMode, 0o700
		}
		if err := n.Setattr(c, a); err != nil {
			t.Errorf("%#o: setattr: %v", typ, err)
		}
		var st unix.Stat_t
		if err := unix.Lstat(dir+"/moved", &st); err != nil || st.Mtim.Sec != 42 || typ != unix.S_IFLNK && st.Mode&0o777 != 0o700 {
			t.Errorf("%#o: mode %#o, mtime %d, %v", typ, st.Mode, st.Mtim.Sec, err)
		}
		if text, err := n.Readlink(c); typ == unix.S_IFLNK && (text != "nowhere" || err != nil) {
			t.Errorf("the link reads %q, %v", text, err)
		}
		if _, err := n.Listxattr(c); err != nil {
			t.Errorf("%#o: listxattr: %v", typ, err)
		}
		if err := n.Access(c, unix.R_OK); err != nil {
			t.Errorf("%#o: access: %v", typ, err)
		}
		if err := os.Remove(dir + "/moved"); err != nil {
			t.Fatal(err)
		}
	}
}

// An inode is held once, and let go when nothing refers to it.
func TestHeldOnce(t *testing.T) {
	dir := canonical(t)
	before := HeldCount()
	n := heldDir(t, dir, "d")
	if err := os.Rename(dir+"/d", dir+"/e"); err != nil {
		t.Fatal(err)
	}
	if m := held(t, Dir(dir+"/e")); m != n {
		t.Error("one inode is two nodes")
	}
	runtime.KeepAlive(n)
	if LetGo(); HeldCount() > before {
		t.Errorf("%d are held, %d were before", HeldCount(), before)
	}
}
