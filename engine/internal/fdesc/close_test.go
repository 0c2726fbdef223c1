// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine/enginetest"
)

// guestEnv makes the test binary run as a guest: it keeps descriptor 3 in the way named, says so
// on its output, waits for its input to end, and lets go.
const guestEnv = "FDESC_TEST_GUEST"

func TestMain(m *testing.M) {
	if how := os.Getenv(guestEnv); how != "" {
		guest(how)
	}
	os.Exit(m.Run())
}

func guest(how string) {
	fd := 3
	switch how {
	case "keep":
	case "dup":
		fd, _ = unix.Dup(3)
		unix.Close(3)
	case "mmap":
		p, err := unix.Mmap(3, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		copy(p, "written by the guest")
		unix.Close(3)
	case "inflight":
		pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		if err == nil {
			err = unix.Sendmsg(pair[0], []byte{0}, unix.UnixRights(3), nil, 0)
		}
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		unix.Close(3)
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
	_ = fd
	os.Exit(0)
}

// inGuest has a child keep fd; the function returned ends it.
func inGuest(t *testing.T, how string, fd int) func() {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), guestEnv+"="+how)
	dup, err := unix.Dup(fd)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(dup), "guest's")
	cmd.ExtraFiles = []*os.File{f}
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	var b [64]byte
	n, err := out.Read(b[:])
	if string(b[:n]) != "ready\n" {
		t.Fatalf("guest says %q, %v", b[:n], err)
	}
	return func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
}

func TestLastClose(t *testing.T) {
	for _, how := range []string{"keep", "dup", "mmap", "inflight"} {
		t.Run(how, func(t *testing.T) {
			s, c := newStore(t), enginetest.NewCall()
			n := &fakeNode{data: pattern(5000)}
			o, fd := open(t, s, n, unix.O_RDWR)
			other, fd2 := open(t, s, n, unix.O_RDONLY)
			if err := o.Map(c, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED); err != nil {
				t.Fatal(err)
			}
			end := inGuest(t, how, fd)
			unix.Close(fd)
			s.Drain(c)
			if n.released.Load() != 0 || s.Live() != 2 {
				t.Fatalf("released while the guest has it: %d, live %d", n.released.Load(), s.Live())
			}
			end()
			s.Drain(c)
			if n.released.Load() != 1 || s.Live() != 1 {
				t.Fatalf("after the guest's end: released %d, live %d", n.released.Load(), s.Live())
			}
			if s.ByName([]byte(fmt.Sprintf("o%d", other.link.id))) != other {
				t.Fatal("the wrong one was released")
			}
			if got := string(n.contents()[:7]); (got == "written") != (how == "mmap") {
				t.Errorf("file starts with %q", got)
			}
			unix.Close(fd2)
			s.Drain(c)
			if s.Live() != 0 {
				t.Errorf("live %d", s.Live())
			}
		})
	}
}

func TestDirectoryClose(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n := &fakeNode{typ: unix.S_IFDIR}
	for range 40 {
		_, fd := open(t, s, n, unix.O_RDONLY|unix.O_DIRECTORY)
		end := func() {}
		if n.released.Load() == 0 {
			end = inGuest(t, "dup", fd)
		}
		before := n.released.Load()
		unix.Close(fd)
		if before == 0 {
			s.Drain(c)
			if n.released.Load() != 0 {
				t.Fatal("released too early")
			}
		}
		end()
		s.Drain(c)
		if n.released.Load() != before+1 {
			t.Fatalf("released %d, want %d", n.released.Load(), before+1)
		}
	}
}

// The watcher itself, without Drain.
func TestWatcher(t *testing.T) {
	s := newStore(t)
	n := &fakeNode{data: pattern(10)}
	done := make(chan bool)
	_, fd, err := s.Open(enginetest.NewCall(), Spec{Node: n, File: &fakeFile{n}, OnRelease: func() { close(done) }})
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(fd)
	<-done
}

// More links than one queue has places: further shards.
func TestShards(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	s.links.capacity = 8
	n := &fakeNode{data: pattern(10)}
	var fds []int
	for range 30 {
		_, fd := open(t, s, n, unix.O_RDONLY)
		fds = append(fds, fd)
	}
	if len(s.links.shards) != 4 {
		t.Errorf("%d shards", len(s.links.shards))
	}
	for _, fd := range fds {
		unix.Close(fd)
	}
	s.Drain(c)
	if n.released.Load() != 30 || s.Live() != 0 {
		t.Errorf("released %d, live %d", n.released.Load(), s.Live())
	}
}

// As many closes at once as a real queue holds.
func TestFullQueue(t *testing.T) {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil || r.Cur < 18000 {
		t.Skipf("RLIMIT_NOFILE is %d", r.Cur)
	}
	s, c := newStore(t), enginetest.NewCall()
	n := &fakeNode{data: pattern(10)}
	var fds []int
	for range min(s.links.capacity, 17000) {
		_, fd := open(t, s, n, unix.O_RDONLY)
		fds = append(fds, fd)
	}
	s.links.shards[0].mu.Lock() // nobody reads the queue meanwhile
	for _, fd := range fds {
		unix.Close(fd)
	}
	s.links.shards[0].mu.Unlock()
	s.Drain(c)
	if got := n.released.Load(); got != int64(len(fds)) {
		t.Errorf("released %d of %d", got, len(fds))
	}
}

func TestByLink(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n := &fakeNode{data: pattern(10)}
	o, fd := open(t, s, n, unix.O_RDONLY)
	text, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil || s.ByLink(text) != o || s.ByLink(text+" (deleted)") != o {
		t.Fatalf("%q is not found (%v)", text, err)
	}
	for _, bad := range []string{"", "/", "socket:[]", "socket:[1]", "pipe:[2]", s.Dir(), s.Dir() + "/w", s.Dir() + "/w0/o",
		s.Dir() + "/w0/o99", "/x" + text, text + "0", s.Dir() + "/w0/o01", " (deleted)"} {
		if s.ByLink(bad) != nil {
			t.Errorf("%q is found", bad)
		}
	}
	b := []byte(text)
	if a := testing.AllocsPerRun(100, func() { s.ByLinkBytes(b); s.ByLink(text) }); a != 0 {
		t.Errorf("%v allocations", a)
	}
	unix.Close(fd)
	s.Drain(c)
	if s.ByLink(text) != nil {
		t.Error("found after the last close")
	}
}

func TestStream(t *testing.T) {
	s, c := newStore(t), enginetest.NewCall()
	n := &fakeNode{typ: unix.S_IFCHR}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	o, err := s.OpenStream(Spec{Node: n, File: &fakeFile{n}}, pair[0])
	if err != nil {
		t.Fatal(err)
	}
	text, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", pair[0]))
	if s.ByLink(text) != o {
		t.Errorf("%q is not found", text)
	}
	if _, err := o.Seek(c, -1, 0, 0); err != unix.ESPIPE {
		t.Errorf("seek: %v", err)
	}
	o.Release()
	o.Release()
	s.Drain(c)
	if n.released.Load() != 1 || s.Live() != 0 || s.ByLink(text) != nil {
		t.Errorf("released %d, live %d", n.released.Load(), s.Live())
	}
}
