// SPDX-License-Identifier: Apache-2.0

package vufuse_test

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
	"vuos.dev/vufuse"
	"vuos.dev/vufuse/direct"
)

// sharp is a file system with sharp edges.
type sharp struct {
	fs.Inode
	forgotten bool
}

func (s *sharp) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	switch name {
	case "panic":
		panic("sharp edge")
	case "huge":
		return nil, 4711
	case "slow":
		<-ctx.Done()
		return nil, unix.EINTR
	}
	return nil, unix.ENOENT
}

func (s *sharp) OnForget() { s.forgotten = true }

func TestLinked(t *testing.T) {
	root := &sharp{}
	var seen []string
	sub := vufuse.Submodule{
		Name: "sharp",
		Root: func(_ engine.Call, r *engine.MountRequest, o *vufuse.Options) (fs.InodeEmbedder, error) {
			color, _ := o.Take("color")
			seen = append(seen, r.Source, color, o.FS.AttrTimeout.String())
			if r.Source == "bad" {
				return nil, unix.ENXIO
			}
			return root, nil
		},
	}
	h := &enginetest.Host{}
	m := load(t, h, sub)
	c := enginetest.NewCall()
	mount := func(source, data string) (engine.FileSystem, error) {
		return m.Mount(c, &engine.MountRequest{Type: "vufusesharp", Source: source, Data: data})
	}
	_, err := mount("bad", "")
	fails(t, err, unix.ENXIO)
	if !strings.Contains(err.Error(), "bad") {
		t.Errorf("message %q", err)
	}
	for _, data := range []string{"colour=red", "attr_timeout=never", "max_read=-1"} {
		_, err = mount("x", data)
		fails(t, err, unix.EINVAL)
		var me *engine.MountError
		if !errors.As(err, &me) || !strings.Contains(me.Message, data) {
			t.Errorf("message %q does not name %q", err, data)
		}
	}
	root = &sharp{} // a node is of one file system
	f, err := mount("src", `color=red\,green,attr_timeout=2.5,rw`)
	ok(t, err)
	if got := strings.Join(seen[len(seen)-3:], " "); got != "src red,green "+(2500*time.Millisecond).String() {
		t.Errorf("options: %q", got)
	}
	if got := f.(engine.FileSystemShower).ShowOptions(); !strings.HasPrefix(got, "color=red") {
		t.Errorf("shown: %q", got)
	}
	x := &enginetest.Tree{FS: f, Call: c}
	_, err = x.Stat("panic")
	fails(t, err, unix.EIO)
	_, err = x.Stat("huge")
	fails(t, err, unix.EIO)
	c.Stop = make(chan struct{})
	close(c.Stop)
	_, err = x.Stat("slow")
	fails(t, err, unix.EINTR)
	_, err = x.Stat("nothing")
	fails(t, err, unix.ENOENT)
	ok(t, f.Unmount(c))
	if !root.forgotten {
		t.Error("OnForget was not called")
	}
	_, err = x.Stat("panic")
	fails(t, err, unix.ENOTCONN)
}

// noted is a file system that tells the view of changes.
type noted struct {
	fs.Inode
	file *fs.MemRegularFile
}

func (n *noted) OnAdd(ctx context.Context) {
	n.file = &fs.MemRegularFile{Data: []byte("old")}
	n.AddChild("f", n.NewPersistentInode(ctx, n.file, fs.StableAttr{}), true)
}

// cache is a page cache that tells of what it is told, one message per call.
type cache struct{ told chan string }

func (c cache) Invalidate(int64, int64)          { c.told <- "invalidate" }
func (c cache) Store(_ int64, p []byte)          { c.told <- "store " + string(p) }
func (c cache) Zero(int64, int64)                {}
func (c cache) Retrieve(off int64, p []byte) int { return copy(p, "cached"[min(off, 6):]) }
func (c cache) Resize(int64)                     {}

// TestLinkedNotifies checks that go-fuse's own means of telling the kernel reach the view.
func TestLinkedNotifies(t *testing.T) {
	root := &noted{}
	h := &enginetest.Host{}
	c := enginetest.NewCall()
	f, err := load(t, h, vufuse.Submodule{
		Name: "noted",
		Root: func(engine.Call, *engine.MountRequest, *vufuse.Options) (fs.InodeEmbedder, error) { return root, nil },
	}).Mount(c, &engine.MountRequest{Type: "vufusenoted"})
	ok(t, err)
	x := &enginetest.Tree{FS: f, Call: c}
	n, err := x.Lookup("f", true)
	ok(t, err)
	p := cache{make(chan string)}
	h.SetPages(n, p)
	want := func(s string) {
		t.Helper()
		if got := <-p.told; got != s {
			t.Errorf("%q, want %q", got, s)
		}
	}
	in := root.GetChild("f")
	if e := in.NotifyContent(0, 0); e != 0 {
		t.Fatal(e)
	}
	want("invalidate")
	if e := in.WriteCache(0, []byte("new")); e != 0 {
		t.Fatal(e)
	}
	want("store new")
	b := make([]byte, 6)
	if k, e := in.ReadCache(0, b); e != 0 || string(b[:k]) != "cached" {
		t.Errorf("%q, %v", b[:k], e)
	}
	if e := root.NotifyEntry("f"); e != 0 {
		t.Error(e)
	}
	ok(t, f.Unmount(c))
}

// TestLocks checks that locks reach a file system that wants them, and only then.
func TestLocks(t *testing.T) {
	dir := t.TempDir()
	for _, enable := range []bool{false, true} {
		x := mountType(t, &engine.MountRequest{Type: "vufuselocks"}, vufuse.Submodule{
			Name: "locks",
			Root: func(_ engine.Call, _ *engine.MountRequest, o *vufuse.Options) (fs.InodeEmbedder, error) {
				o.FS.EnableLocks = enable
				return fs.NewLoopbackRoot(dir)
			},
		})
		h, err := x.Open("f", unix.O_RDWR|unix.O_CREAT, 0o644)
		ok(t, err)
		l, is := h.File.(engine.FileLocker)
		if is != enable {
			t.Fatalf("locks itself: %v, want %v", is, enable)
		}
		if is {
			other, err := x.Open("f", unix.O_RDWR, 0)
			ok(t, err)
			o := other.File.(engine.FileLocker)
			ok(t, l.Flock(x.Call, 1, unix.LOCK_EX))
			fails(t, o.Flock(x.Call, 2, unix.LOCK_EX|unix.LOCK_NB), unix.EAGAIN)
			ok(t, h.Close())
			ok(t, o.Flock(x.Call, 2, unix.LOCK_EX|unix.LOCK_NB))
			lk := unix.Flock_t{Type: unix.F_WRLCK, Start: 10, Len: 5}
			ok(t, o.Lock(x.Call, unix.F_SETLK, 2, &lk))
			ok(t, other.Close())
			continue
		}
		ok(t, h.Close())
	}
}

func TestXattrs(t *testing.T) {
	x := mountOn(t, goServer(t, loopback(t), fuse.MountOptions{}))
	ok(t, x.WriteFile("f", nil, 0o644))
	n, err := x.Lookup("f", true)
	ok(t, err)
	a := n.(engine.NodeXattrer)
	if err := a.Setxattr(x.Call, "user.one", []byte("1"), unix.XATTR_CREATE); errors.Is(err, unix.EOPNOTSUPP) {
		t.Skip("the host's file system has no extended attributes")
	} else {
		ok(t, err)
	}
	fails(t, a.Setxattr(x.Call, "user.one", []byte("1"), unix.XATTR_CREATE), unix.EEXIST)
	big := strings.Repeat("v", 2000)
	ok(t, a.Setxattr(x.Call, "user.big", []byte(big), 0))
	v, err := a.Getxattr(x.Call, "user.big")
	if string(v) != big || err != nil {
		t.Errorf("%d bytes, %v", len(v), err)
	}
	list, err := a.Listxattr(x.Call)
	if len(list) != 2 || err != nil {
		t.Errorf("%q, %v", list, err)
	}
	ok(t, a.Removexattr(x.Call, "user.one"))
	_, err = a.Getxattr(x.Call, "user.one")
	fails(t, err, unix.ENODATA)
}

// TestBirth checks STATX, in both transports.
func TestBirth(t *testing.T) {
	for name, mount := range map[string]func() *enginetest.Tree{
		"direct": func() *enginetest.Tree { return mountOn(t, direct.New(loopback(t), fuse.MountOptions{}, t.Logf)) },
		"wire":   func() *enginetest.Tree { return mountOn(t, goServer(t, loopback(t), fuse.MountOptions{})) },
	} {
		x := mount()
		before := time.Now().Add(-time.Second)
		ok(t, x.WriteFile("f", nil, 0o644))
		n, err := x.Lookup("f", true)
		ok(t, err)
		birth, err := n.(engine.NodeBirther).Birth(x.Call)
		if errors.Is(err, unix.EOPNOTSUPP) {
			t.Skip("the host's file system has no time of birth")
		}
		ok(t, err)
		if at := time.Unix(birth.Sec, int64(birth.Nsec)); at.Before(before) || at.After(time.Now()) {
			t.Errorf("%s: born %v", name, at)
		}
	}
}
