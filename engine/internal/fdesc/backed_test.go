// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
)

// backedFile is a disk over a file of the host's.
type backedFile struct {
	fullFile
	image *os.File
}

func (f backedFile) Backing() (int, bool)            { return int(f.image.Fd()), true }
func (f backedFile) Writing(off, n int64) bool       { return off+n <= int64(len(f.n.contents())) }
func (f backedFile) Size(engine.Call) (int64, error) { return int64(len(f.n.contents())), nil }

// newBacked makes a node of which each open file has the image as its backing.
func newBacked(t *testing.T) (*fakeNode, *os.File) {
	t.Helper()
	image, err := os.Create(filepath.Join(t.TempDir(), "image"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { image.Close() })
	n := &fakeNode{data: pattern(2 * pageSize), typ: unix.S_IFBLK, policy: engine.CacheNone}
	if _, err := image.Write(n.data); err != nil {
		t.Fatal(err)
	}
	return n, image
}

func openBacked(t *testing.T, s *Store, n *fakeNode, image *os.File, flags int) (*Open, int) {
	t.Helper()
	o, fd, err := s.Open(enginetest.NewCall(), Spec{Node: n, File: backedFile{fullFile{&fakeFile{n}}, image}, Flags: flags, Unwatched: true})
	if err != nil {
		t.Fatal(err)
	}
	return o, fd
}

// byTag finds the open file that a descriptor of the test's is.
func byTag(t *testing.T, s *Store, fd int) *Open {
	t.Helper()
	info, err := os.ReadFile("/proc/self/fdinfo/" + strconv.Itoa(fd))
	if err != nil {
		t.Fatal(err)
	}
	return s.ByTag(info)
}

// Each open file is told apart, and its last close is noticed, also while a mapping is what keeps it.
func TestBacked(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n, image := newBacked(t)
	o, fd := openBacked(t, s, n, image, unix.O_RDWR)
	other, fd2 := openBacked(t, s, n, image, unix.O_RDONLY)
	dup, err := unix.Dup(fd)
	if err != nil {
		t.Fatal(err)
	}
	for d, want := range map[int]*Open{fd: o, dup: o, fd2: other, int(image.Fd()): nil} {
		if got := byTag(t, s, d); got != want {
			t.Errorf("descriptor %d is %v, want %v", d, got, want)
		}
	}
	if !o.Native() || !o.ReadsNatively() || !o.Backed() || s.Live() != 2 {
		t.Errorf("native %v, %d open", o.Native(), s.Live())
	}
	m, err := unix.Mmap(fd, 0, pageSize, unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(fd)
	unix.Close(dup)
	unix.Close(fd2)
	s.Drain(c)
	if got := n.released.Load(); got != 1 || s.Live() != 1 {
		t.Errorf("%d released, %d open; a mapping is left", got, s.Live())
	}
	if err := unix.Munmap(m); err != nil {
		t.Fatal(err)
	}
	s.Drain(c)
	if got := n.released.Load(); got != 2 || s.Live() != 0 {
		t.Errorf("%d released, %d open", got, s.Live())
	}
}

// What is behind the end is cut off again, and told once.
func TestBackedDoesNotGrow(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n, image := newBacked(t)
	o, fd := openBacked(t, s, n, image, unix.O_RDWR)
	defer unix.Close(fd)
	if err := o.Materialize(c, fd); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Pwrite(fd, []byte("behind"), 2*pageSize); err != nil {
		t.Fatal(err)
	}
	if err := o.Sync(c, false); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("sync: %v", err)
	}
	if err := o.Sync(c, false); err != nil {
		t.Errorf("the error was told before: %v", err)
	}
	if st, err := image.Stat(); err != nil || st.Size() != 2*pageSize {
		t.Errorf("%v, %v", st, err)
	}
}

// There is a stand-in where an open file of the host's file would behave in another way, or where there would be too many.
func TestNotBacked(t *testing.T) {
	s := newStore(t)
	n, image := newBacked(t)
	for _, flags := range []int{unix.O_RDWR | unix.O_DIRECT, unix.O_PATH} {
		o, fd := openBacked(t, s, n, image, flags)
		if o.Backed() || byTag(t, s, fd) != nil {
			t.Errorf("flags %#x: backed", flags)
		}
		unix.Close(fd)
	}
	fds := make([]int, maxBacked+3)
	backed := 0
	for i := range fds {
		var o *Open
		if o, fds[i] = openBacked(t, s, n, image, unix.O_RDWR); o.Backed() {
			backed++
		}
	}
	if backed != maxBacked {
		t.Errorf("%d are backed", backed)
	}
	for _, fd := range fds {
		unix.Close(fd)
	}
}

// Files come and go in several threads while the store looks for those that are closed.
func TestBackedTogether(t *testing.T) {
	s := newStore(t)
	n, image := newBacked(t)
	var all sync.WaitGroup
	const workers, rounds = 4, 50
	for range workers {
		all.Go(func() {
			for range rounds {
				o, fd := openBacked(t, s, n, image, unix.O_RDWR)
				if o.Backed() && byTag(t, s, fd) != o {
					t.Error("another open file")
				}
				unix.Close(fd)
				s.Closed()
			}
		})
	}
	all.Wait()
	s.Drain(enginetest.NewCall())
	if got := n.released.Load(); got != workers*rounds || s.Live() != 0 {
		t.Errorf("%d released, %d open", got, s.Live())
	}
}
