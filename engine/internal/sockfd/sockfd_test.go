// SPDX-License-Identifier: Apache-2.0

package sockfd

import (
	"bytes"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
)

// use counts the sockets that are open.
type use struct{ n atomic.Int32 }

func (u *use) Get() { u.n.Add(1) }
func (u *use) Put() { u.n.Add(-1) }

func newTable(t *testing.T) (*Table, *use) {
	tab := NewTable(t.TempDir(), enginetest.NewCall(), func(_ engine.Level, f string, a ...any) { t.Logf(f, a...) })
	return tab, &use{}
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 20 s: %s", what)
		}
	}
}

func shows(fd int) int16 {
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN | unix.POLLOUT | unix.POLLRDHUP}}
	_, _ = unix.Poll(p, 0)
	return p[0].Revents
}

// dialed makes a connected stream.
func dialed(t *testing.T, tab *Table, u *use, s *fake) (x *Socket, fd int) {
	x, fd, err := tab.New(s, unix.SOCK_STREAM, true, u)
	if err != nil {
		t.Fatal(err)
	}
	take := func() (int, error) { return unix.Dup(fd) }
	if err := x.Dial(enginetest.NewCall(), nil, take, func() bool { return false }); err != nil {
		t.Fatal(err)
	}
	return x, fd
}

// TestCloseSendsAll: what was written before the last close reaches the stack, and then the socket is released.
func TestCloseSendsAll(t *testing.T) {
	tab, u := newTable(t)
	s := newFake()
	_, fd := dialed(t, tab, u, s)
	other, err := unix.Dup(fd)
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Repeat([]byte("0123456789"), 5000)
	if n, err := unix.Write(fd, want); err != nil || n != len(want) {
		t.Fatal(n, err)
	}
	unix.Close(fd)
	if tab.Live() != 1 || s.isReleased() {
		t.Error("released while a descriptor is open")
	}
	unix.Close(other)
	eventually(t, "release", s.isReleased)
	if got := s.taken(); !bytes.Equal(got, want) {
		t.Errorf("%d bytes of %d reached the stack", len(got), len(want))
	}
	tab.Drain(20 * time.Second)
	if u.n.Load() != 0 || tab.Live() != 0 {
		t.Errorf("%d uses, %d live", u.n.Load(), tab.Live())
	}
}

// TestReset: a reset of the connection is ECONNRESET for the guest, after the data, though nothing was ever sent.
func TestReset(t *testing.T) {
	tab, u := newTable(t)
	s := newFake()
	_, fd := dialed(t, tab, u, s)
	defer unix.Close(fd)
	if ev := shows(fd); ev != unix.POLLOUT {
		t.Errorf("connected: %#x", ev)
	}
	s.arrive([]byte("data"))
	eventually(t, "data", func() bool { return shows(fd)&unix.POLLIN != 0 })
	s.reset()
	eventually(t, "error", func() bool { return shows(fd)&unix.POLLERR != 0 })
	b := make([]byte, 9)
	if n, err := unix.Read(fd, b); err != nil || string(b[:n]) != "data" {
		t.Errorf("read %q, %v", b[:max(n, 0)], err)
	}
	if _, err := unix.Read(fd, b); !errors.Is(err, unix.ECONNRESET) {
		t.Errorf("read: %v", err)
	}
}

// TestConnecting: a connection in progress is not writable, an established one is.
func TestConnecting(t *testing.T) {
	tab, u := newTable(t)
	s := newFake()
	s.slow = true
	x, fd, err := tab.New(s, unix.SOCK_STREAM, true, u)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if ev := shows(fd); ev != unix.POLLOUT|unix.POLLHUP {
		t.Errorf("new: %#x", ev)
	}
	take := func() (int, error) { return unix.Dup(fd) }
	if err := x.Dial(enginetest.NewCall(), nil, take, func() bool { return true }); err != unix.EINPROGRESS {
		t.Fatal(err)
	}
	if ev := shows(fd); ev != 0 {
		t.Errorf("in progress: %#x", ev)
	}
	s.establish()
	eventually(t, "writable", func() bool { return shows(fd) == unix.POLLOUT })
	if _, err := unix.Write(fd, []byte("first")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "data", func() bool { return string(s.taken()) == "first" })
}

// TestMirror: a datagram stand-in polls as the socket does, whatever changes.
func TestMirror(t *testing.T) {
	tab, u := newTable(t)
	s := newFake()
	s.establish()
	x, fd, err := tab.New(s, unix.SOCK_DGRAM, true, u)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		for _, ev := range []uint32{unix.POLLIN | unix.POLLOUT, unix.POLLERR | unix.POLLOUT, unix.POLLIN | unix.POLLERR | unix.POLLOUT, unix.POLLOUT} {
			s.set(ev)
			eventually(t, "events raised", func() bool { return shows(fd)&int16(ev) == int16(ev) })
			if !x.Settled(0) {
				x.Settle(fd, 0)
			}
			if got := shows(fd); got != int16(ev) {
				t.Errorf("shows %#x, want %#x", got, ev)
			}
		}
		s.set(0)
		x.Settle(fd, unix.POLLOUT)
		if got := shows(fd); got != 0 {
			t.Errorf("without room it shows %#x", got)
		}
		s.set(unix.POLLOUT)
		eventually(t, "room", func() bool { return shows(fd) == unix.POLLOUT })
	}
	unix.Close(fd)
	eventually(t, "release", s.isReleased)
}

// TestCloseWhileFilled: a guest that closes while data comes faster than it reads resets the connection, as one that
// closes with data unread.
func TestCloseWhileFilled(t *testing.T) {
	for _, size := range []int{1, 4 * sendBuffer} {
		tab, u := newTable(t)
		s := newFake()
		_, fd := dialed(t, tab, u, s)
		s.arrive(make([]byte, size))
		eventually(t, "data", func() bool { return shows(fd)&unix.POLLIN != 0 })
		unix.Close(fd)
		eventually(t, "release", s.isReleased)
		if !s.aborted {
			t.Errorf("%d bytes: closed without a reset", size)
		}
	}
}

// TestResetWhileSending: a reset that the stack tells when it is given data is the guest's to read, behind what came before.
func TestResetWhileSending(t *testing.T) {
	tab, u := newTable(t)
	s := newFake()
	_, fd := dialed(t, tab, u, s)
	defer unix.Close(fd)
	s.arrive([]byte("before"))
	eventually(t, "data", func() bool { return shows(fd)&unix.POLLIN != 0 })
	s.change(func() { s.sendErr = unix.ECONNRESET })
	if _, err := unix.Write(fd, []byte("x")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "hang-up", func() bool { return shows(fd)&unix.POLLHUP != 0 })
	b := make([]byte, 100)
	if n, err := unix.Read(fd, b); err != nil || string(b[:n]) != "before" {
		t.Errorf("read %q, %v", b[:max(n, 0)], err)
	}
	if _, err := unix.Read(fd, b); err != unix.ECONNRESET {
		t.Errorf("read: %v", err)
	}
}
