// SPDX-License-Identifier: Apache-2.0

package view

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
)

// fakeFS is a file system of nothing but its root.
type fakeFS struct{ busy bool }

func (*fakeFS) Root() engine.Node         { return fakeRoot{} }
func (*fakeFS) Unmount(engine.Call) error { return nil }
func (f *fakeFS) Busy() bool              { return f.busy }

type fakeRoot struct{}

func (fakeRoot) Type() uint32                          { return unix.S_IFDIR }
func (fakeRoot) Stat(engine.Call, *unix.Statx_t) error { return nil }

// mounted attaches a file system. The channel is closed when it ends.
func mounted(v *View, id int, point string) (*Mount, <-chan struct{}) {
	ended := make(chan struct{})
	m := NewMount(Info{ID: id, FS: &fakeFS{}}, point, func(*Mount) { close(ended) })
	v.Attach(m)
	return m, ended
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// waitEnd waits for the end of a file system.
func waitEnd(t *testing.T, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(time.Minute):
		t.Fatal("the file system does not end")
	}
}

func TestCovering(t *testing.T) {
	v := New("")
	outer, _ := mounted(v, 1, "/a/b")
	inner, _ := mounted(v, 2, "/a/b/c/d")
	top, _ := mounted(v, 3, "/a/b")
	for path, want := range map[string]*Mount{
		"/": nil, "/a": nil, "/a/bb": nil, "/a/b": top, "/a/b/x": top, "/a/b/c": top,
		"/a/b/c/d": inner, "/a/b/c/d/e/f": inner, "/a/b/c/dd": top, "/b": nil,
	} {
		if got := v.Mounts().Covering(path); got != want {
			t.Errorf("%s is on %v, want %v", path, got, want)
		}
	}
	if outer.Busy() || v.Mounts().At("/a/b") != top {
		t.Error("the second mount at a point hides the first")
	}
	for dir, want := range map[string]bool{"/": true, "/a": true, "/a/b": true, "/a/b/c": true, "/a/b/c/d": false, "/x": false} {
		if got := v.Mounts().HasBelow(dir); got != want {
			t.Errorf("HasBelow(%s) = %v", dir, got)
		}
	}
	if got := v.Mounts().ChildPoints("/a"); len(got) != 1 || got[0] != top {
		t.Errorf("mount points in /a: %v", got)
	}
}

// A mount on the root covers everything, and ends like any other.
func TestRootMount(t *testing.T) {
	v := New("")
	root, ended := mounted(v, 1, "/")
	if v.Mounts().Covering("/any/where") != root || v.Mounts().HasBelow("/") {
		t.Error("the root is not covered")
	}
	if got := v.Mounts().ChildPoints("/"); len(got) != 0 {
		t.Errorf("the root is below itself: %v", got)
	}
	if _, err := v.Detach("/", false); err != nil {
		t.Fatal(err)
	}
	waitEnd(t, ended)
	if v.Mounts().Covering("/any/where") != nil {
		t.Error("the root is still covered")
	}
}

func TestDetach(t *testing.T) {
	v := New("")
	m, ended := mounted(v, 1, "/m")
	_, below := mounted(v, 2, "/m/sub")
	if _, err := v.Detach("/none", true); err != unix.EINVAL {
		t.Errorf("nothing is mounted: %v", err)
	}
	if _, err := v.Detach("/m", false); err != unix.EBUSY {
		t.Errorf("something is mounted below: %v", err)
	}
	if _, err := v.Detach("/m/sub", false); err != nil {
		t.Error(err)
	}
	waitEnd(t, below)
	m.Get()
	if _, err := v.Detach("/m", false); err != unix.EBUSY {
		t.Errorf("a file is open: %v", err)
	}
	m.Put()
	m.FS.(*fakeFS).busy = true
	if _, err := v.Detach("/m", false); err != unix.EBUSY {
		t.Errorf("the file system says that it is busy: %v", err)
	}
	m.FS.(*fakeFS).busy = false
	if isClosed(ended) {
		t.Error("ended while it was attached")
	}
	if gone, err := v.Detach("/m", false); gone != m || err != nil {
		t.Errorf("%v, %v", gone, err)
	}
	m.Wait()
	if !isClosed(ended) || !v.Mounts().Empty() {
		t.Error("the mount is still there")
	}
}

// A lazily detached mount, with those below it, is out of the tree at once and ends with its last user.
func TestDetachLazily(t *testing.T) {
	v := New("")
	hidden, hiddenEnded := mounted(v, 1, "/m/sub")
	m, ended := mounted(v, 2, "/m")
	_, belowEnded := mounted(v, 3, "/m/other")
	m.Get()
	if _, err := v.Detach("/m", true); err != nil {
		t.Fatal(err)
	}
	waitEnd(t, belowEnded)
	if isClosed(ended) || isClosed(hiddenEnded) {
		t.Error("ended although it is in use, or was mounted before")
	}
	if got := v.Mounts().All(); !slices.Equal(got, []*Mount{hidden}) {
		t.Errorf("left: %v", got)
	}
	m.Put()
	waitEnd(t, ended)
}

// What is mounted in a copy of a view is not seen in the original; a mount of both ends with the second.
func TestClone(t *testing.T) {
	v := New("one")
	m, ended := mounted(v, 1, "/m")
	c := v.Clone("two")
	own, _ := mounted(c, 2, "/own")
	if v.Name() != "one" || c.Name() != "two" || c.Mounts().At("/m") != m || v.Mounts().At("/own") != nil || c.Mounts().At("/own") != own {
		t.Error("the views are mixed up")
	}
	if _, err := v.Detach("/m", false); err != nil {
		t.Fatal(err)
	}
	m.Wait() // not at all: it is attached elsewhere
	if isClosed(ended) || c.Mounts().At("/m") != m {
		t.Error("the copy lost its mount")
	}
	c.End()
	waitEnd(t, ended)
	_, late := mounted(c, 3, "/late")
	waitEnd(t, late)
	if !c.Mounts().Empty() {
		t.Error("something is mounted in a view that has ended")
	}
}

func TestRenamed(t *testing.T) {
	v := New("")
	a, _ := mounted(v, 1, "/dir/a")
	b, _ := mounted(v, 2, "/dirs/b")
	v.Renamed("/dir", "/x/new")
	if a.Point() != "/x/new/a" || v.Mounts().At("/x/new/a") != a || v.Mounts().At("/dir/a") != nil || !v.Mounts().HasBelow("/x") {
		t.Errorf("moved to %s", a.Point())
	}
	if b.Point() != "/dirs/b" {
		t.Errorf("a directory with a longer name moved: %s", b.Point())
	}
}

// Readers never see a table in which a mount point has no mount, or a mount that has ended.
func TestConcurrency(t *testing.T) {
	v := New("")
	keep, _ := mounted(v, 0, "/keep")
	stop := make(chan struct{})
	var readers, writers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for !isClosed(stop) {
				table := v.Mounts()
				for _, m := range table.All() {
					if table.At(m.Point()) == nil {
						t.Errorf("%s is not in the table", m.Point())
						return
					}
				}
				if table.Covering("/keep/x") != keep {
					t.Error("a mount is missing")
					return
				}
			}
		})
	}
	for w := range 4 {
		writers.Go(func() {
			for i := range 100 {
				point := fmt.Sprintf("/w%d", w)
				m, ended := mounted(v, 1+100*w+i, point)
				m.Get()
				if _, err := v.Detach(point, i%2 == 0); (err == nil) != (i%2 == 0) {
					t.Errorf("detach of a mount in use: %v", err)
				}
				m.Put()
				if i%2 == 1 {
					if _, err := v.Detach(point, false); err != nil {
						t.Error(err)
					}
				}
				waitEnd(t, ended)
			}
		})
	}
	writers.Wait()
	close(stop)
	readers.Wait()
	if got := v.Mounts().All(); len(got) != 1 {
		t.Errorf("left: %v", got)
	}
}

func TestOptions(t *testing.T) {
	m := NewMount(Info{FS: &fakeFS{}, Flags: unix.MS_RDONLY | unix.MS_NOSUID, Opts: "size=1"}, "/m", func(*Mount) {})
	if got := m.Options(); got != "ro,nosuid" {
		t.Errorf("options %q", got)
	}
	m.SetFlags(unix.MS_NOATIME)
	if got := m.Options(); got != "rw,noatime" || m.ReadOnly() {
		t.Errorf("options after a remount %q", got)
	}
	if m.SuperOptions() != "size=1" || !m.IsDir() {
		t.Errorf("options of the file system %q", m.SuperOptions())
	}
}

func TestNames(t *testing.T) {
	for _, x := range []struct{ path, dir, base string }{
		{"/", "/", ""}, {"/a", "/", "a"}, {"/a/b", "/a", "b"}, {"/a/b/c", "/a/b", "c"},
	} {
		if Dir(x.path) != x.dir || Base(x.path) != x.base {
			t.Errorf("%s: %s, %s", x.path, Dir(x.path), Base(x.path))
		}
		if x.path != "/" && Join(x.dir, x.base) != x.path {
			t.Errorf("Join(%s, %s) = %s", x.dir, x.base, Join(x.dir, x.base))
		}
	}
	for _, x := range []struct {
		path, dir string
		want      bool
	}{{"/a/b", "/a", true}, {"/a", "/a", true}, {"/ab", "/a", false}, {"/a", "/a/b", false}, {"/a", "/", true}} {
		if Below(x.path, x.dir) != x.want {
			t.Errorf("Below(%s, %s) = %v", x.path, x.dir, !x.want)
		}
	}
}
