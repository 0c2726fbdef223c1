// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	osexec "os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

func newCache(t *testing.T, opts CacheOptions) *Cache {
	t.Helper()
	c, err := NewCache(t.TempDir(), opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func source(id any, name string, b []byte) Source {
	return Source{ID: id, Name: name, Size: int64(len(b)), Content: bytes.NewReader(b)}
}

func mustCopy(t *testing.T, c *Cache, s Source) *Binary {
	t.Helper()
	b, err := c.Copy(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func exists(p string) bool { _, err := os.Stat(p); return err == nil }

func TestCopyContent(t *testing.T) {
	c := newCache(t, CacheOptions{})
	content := make([]byte, 3*copyBlock+777) // holes, data across blocks, a ragged end
	copy(content[5000:], "one")
	copy(content[copyBlock-2:], "across")
	copy(content[len(content)-3:], "end")
	b := mustCopy(t, c, source(1, "prog", content))
	got, err := os.ReadFile(b.Path())
	if err != nil || !bytes.Equal(got, content) {
		t.Errorf("content differs, %v", err)
	}
	var st unix.Stat_t
	if err := unix.Fstatat(b.Dirfd(), b.Name(), &st, 0); err != nil || st.Mode != unix.S_IFREG|fileMode {
		t.Errorf("mode %o, %v", st.Mode, err)
	}
	if st.Blocks*512 > 8*holeSize {
		t.Errorf("copy takes %d bytes", st.Blocks*512)
	}
}

func TestCacheReuse(t *testing.T) {
	c := newCache(t, CacheOptions{})
	s := source(1, "a", []byte("old"))
	first := mustCopy(t, c, s)
	if again := mustCopy(t, c, s); again.Path() != first.Path() {
		t.Errorf("copied twice: %s, %s", first.Path(), again.Path())
	}
	s.Name = "b"
	other := mustCopy(t, c, s)
	if filepath.Dir(other.Path()) != filepath.Dir(first.Path()) || !exists(other.Path()) {
		t.Errorf("second name is %s", other.Path())
	}
	s.Name, s.Mtime, s.Content = "a", 5, bytes.NewReader([]byte("new"))
	changed := mustCopy(t, c, s)
	if b, _ := os.ReadFile(changed.Path()); string(b) != "new" {
		t.Errorf("changed file's copy is %q", b)
	}
	if !exists(first.Path()) {
		t.Error("a copy in use is gone")
	}
}

func TestForget(t *testing.T) {
	c := newCache(t, CacheOptions{})
	gone, kept := mustCopy(t, c, source(1, "p", []byte("a"))), mustCopy(t, c, source(2, "p", []byte("b")))
	free := mustCopy(t, c, source(3, "p", []byte("c")))
	free.Release()
	c.Forget(func(id any) bool { return id != kept.entry.slot.id })
	if exists(free.Path()) || !exists(gone.Path()) || !exists(kept.Path()) {
		t.Errorf("free %v, in use %v, kept %v", exists(free.Path()), exists(gone.Path()), exists(kept.Path()))
	}
	gone.Release()
	if exists(gone.Path()) || mustCopy(t, c, source(2, "p", []byte("b"))).Path() != kept.Path() {
		t.Error("what was forgotten stays, or what was not is gone")
	}
}

func TestCacheBounds(t *testing.T) {
	c := newCache(t, CacheOptions{Limit: 100 << 10, MaxFile: 1 << 20})
	data := bytes.Repeat([]byte{1}, 40<<10)
	held := mustCopy(t, c, source(0, "p", data))
	var paths []string
	for i := 1; i < 6; i++ {
		b := mustCopy(t, c, source(i, "p", data))
		paths = append(paths, b.Path())
		b.Release()
		b.Release()
	}
	if !exists(held.Path()) || exists(paths[0]) || !exists(paths[4]) {
		t.Errorf("held %v, oldest %v, newest %v", exists(held.Path()), exists(paths[0]), exists(paths[4]))
	}
	if c.bytes > c.limit {
		t.Errorf("%d bytes are kept", c.bytes)
	}
	if _, err := c.Copy(context.Background(), source(9, "p", make([]byte, 2<<20))); !errors.Is(err, unix.EFBIG) {
		t.Errorf("too large: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if exists(paths[4]) || !exists(held.Path()) {
		t.Error("Close removes what is free, and only that")
	}
	held.Release()
	if left, _ := os.ReadDir(c.dir); len(left) != 0 || c.bytes != 0 {
		t.Errorf("%v and %d bytes are left", left, c.bytes)
	}
	if _, err := c.Copy(context.Background(), source(9, "p", data)); !errors.Is(err, unix.ESHUTDOWN) {
		t.Errorf("after Close: %v", err)
	}
}

func TestCopyErrors(t *testing.T) {
	c := newCache(t, CacheOptions{})
	short := source(2, "p", []byte("abc"))
	short.Size = 4
	noLoader := source(3, "p", smallELF(""))
	noLoader.Interp = "/x"
	script := source(4, "p", []byte("#!/bin/sh\n"))
	script.Interp = "/x"
	for _, test := range []struct {
		src  Source
		want unix.Errno
	}{
		{source([]int{1}, "p", nil), unix.EINVAL},
		{source(nil, "p", nil), unix.EINVAL},
		{source(1, "", nil), unix.EINVAL},
		{source(1, "..", nil), unix.EINVAL},
		{source(1, "a/b", nil), unix.EINVAL},
		{source(1, string(bytes.Repeat([]byte{'x'}, 256)), nil), unix.ENAMETOOLONG},
		{short, unix.EIO},
		{noLoader, unix.EINVAL},
		{script, unix.EINVAL},
	} {
		if _, err := c.Copy(context.Background(), test.src); !errors.Is(err, test.want) {
			t.Errorf("%+v: got %v, want %v", test.src, err, test.want)
		}
	}
	if left, _ := os.ReadDir(c.dir); len(left) != 0 {
		t.Errorf("%v is left", left)
	}
}

// gate is a source that waits.
type gate struct {
	io.ReaderAt
	reads   atomic.Int32
	entered chan struct{}
	open    chan struct{}
}

func (g *gate) ReadAt(b []byte, off int64) (int, error) {
	if g.reads.Add(1) == 1 {
		close(g.entered)
	}
	<-g.open
	return g.ReaderAt.ReadAt(b, off)
}

func TestCopyOnce(t *testing.T) {
	c := newCache(t, CacheOptions{})
	g := &gate{ReaderAt: bytes.NewReader([]byte("data")), entered: make(chan struct{}), open: make(chan struct{})}
	src := Source{ID: 1, Name: "p", Size: 4, Content: g}
	ctx, cancel := context.WithCancel(context.Background())
	first := make(chan error)
	go func() { _, err := c.Copy(ctx, src); first <- err }()
	<-g.entered
	// One that gives up while the other copies.
	done, cancelled := context.WithCancel(context.Background())
	cancelled()
	if _, err := c.Copy(done, src); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			b, err := c.Copy(context.Background(), src)
			if err != nil {
				t.Error(err)
				return
			}
			b.Release()
		})
	}
	cancel() // the first one's context: it may still finish the block it reads
	close(g.open)
	if err := <-first; err != nil {
		t.Error(err)
	}
	wg.Wait()
	if n := g.reads.Load(); n != 1 {
		t.Errorf("content was read %d times", n)
	}
}

// Children that umvu forks while a copy is written do not make its exec ETXTBSY.
func TestNotBusy(t *testing.T) {
	c := newCache(t, CacheOptions{})
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					_ = osexec.Command("/bin/true").Run()
				}
			}
		})
	}
	for i := range 200 {
		b := mustCopy(t, c, source(i, "prog", smallELF("")))
		if err := osexec.Command(b.Path()).Run(); err != nil {
			t.Error(err)
		}
		b.Release()
	}
	close(stop)
	wg.Wait()
}

// The kernel counts a child that keeps the descriptor for longer, too.
func TestSettle(t *testing.T) {
	dir := t.TempDir()
	fd, err := unix.Open(dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	f, err := os.Create(filepath.Join(dir, "p"))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- settle(fd, "p") }()
	select {
	case err := <-done:
		t.Errorf("settled with a writer: %v", err)
	default:
	}
	f.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
