// SPDX-License-Identifier: Apache-2.0

package node_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/libvdeplug/internal/plugtest"
	"vuos.dev/libvdeplug/internal/vdewire"
	"vuos.dev/libvdeplug/plug"
	"vuos.dev/libvdeplug/plugins"
)

// quiet fails the test if a frame of ours is there; the last frame that was
// sent to everybody is the mark up to which to look.
func quiet(t *testing.T, c plug.Conn, mark []byte) {
	t.Helper()
	plugtest.Expect(t, c, mark)
}

func TestSwitchLearns(t *testing.T) {
	plugtest.NoLeaks(t)
	dir := filepath.Join(plugtest.Dir(t), "sw")
	host := plugtest.Open(t, "switch://"+dir+"[hashseed=1]") // addresses that meet in the table would be flooded
	a, b := plugtest.Open(t, dir), plugtest.Open(t, dir)

	hello := plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), "hello")
	plugtest.Send(t, a, hello)
	plugtest.Expect(t, b, hello)
	plugtest.Expect(t, host, hello)
	plugtest.Send(t, b, plugtest.Frame(plugtest.MAC(1), plugtest.MAC(2), "for a"))
	plugtest.Expect(t, a, plugtest.Frame(plugtest.MAC(1), plugtest.MAC(2), "for a"))
	plugtest.Send(t, host, plugtest.Frame(plugtest.MAC(2), plugtest.MAC(3), "for b"))
	plugtest.Expect(t, b, plugtest.Frame(plugtest.MAC(2), plugtest.MAC(3), "for b"))
	plugtest.Send(t, a, plugtest.Frame(plugtest.MAC(3), plugtest.MAC(1), "for host"))
	plugtest.Expect(t, host, plugtest.Frame(plugtest.MAC(3), plugtest.MAC(1), "for host"))
	// Nobody has got what was for another: the mark is next everywhere.
	mark := plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), "mark")
	plugtest.Send(t, a, mark)
	quiet(t, b, mark)
	quiet(t, host, mark)

	// When a leaves, the switch forgets where 1 was.
	a.Close()
	c := plugtest.Open(t, dir)
	back := plugtest.Frame(plugtest.MAC(1), plugtest.MAC(2), "are you there")
	plugtest.Wait(t, "the port to be forgotten", func() bool {
		plugtest.Send(t, b, back)
		if err := c.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		bufs, sizes := plug.Buffers(c, 1)
		n, _ := c.Recv(bufs, sizes)
		return n == 1
	})
}

func TestHubRepeats(t *testing.T) {
	plugtest.NoLeaks(t)
	dir := filepath.Join(plugtest.Dir(t), "hub")
	host := plugtest.Open(t, "hub://"+dir)
	a, b := plugtest.Open(t, dir), plugtest.Open(t, dir)
	for i, from := range []plug.Conn{a, b, host} {
		f := plugtest.Frame(plugtest.MAC(7), plugtest.MAC(i), fmt.Sprint(i))
		plugtest.Send(t, from, f)
		for _, to := range []plug.Conn{a, b, host} {
			if to != from {
				plugtest.Expect(t, to, f)
			}
		}
	}
}

func TestLinks(t *testing.T) {
	for _, kind := range []string{"multi", "bonding"} {
		t.Run(kind, func(t *testing.T) {
			plugtest.NoLeaks(t)
			dir := filepath.Join(plugtest.Dir(t), "x")
			host := plugtest.Open(t, kind+"://"+dir)
			f := func(i int) []byte {
				return plugtest.Frame(plugtest.Broadcast, plugtest.MAC(i), fmt.Sprint(i))
			}
			if _, err := host.Send([][]byte{f(0)}); !errors.Is(err, plug.ErrNoCarrier) {
				t.Errorf("Send without links: %v", err)
			}
			a, b := plugtest.Open(t, dir), plugtest.Open(t, dir)
			plugtest.Send(t, a, f(1)) // not repeated to b
			plugtest.Expect(t, host, f(1))
			plugtest.Send(t, b, f(2))
			plugtest.Expect(t, host, f(2))
			plugtest.Send(t, host, f(3))
			plugtest.Send(t, host, f(4))
			if kind == "multi" {
				for _, c := range []plug.Conn{a, b} {
					plugtest.Expect(t, c, f(3))
					plugtest.Expect(t, c, f(4))
				}
				return
			}
			got := string(plugtest.Next(t, a)) + string(plugtest.Next(t, b))
			if got != string(f(3))+string(f(4)) && got != string(f(4))+string(f(3)) {
				t.Errorf("bonding delivered %q", got)
			}
		})
	}
}

func TestWithDebianPlug(t *testing.T) {
	plugtest.NoLeaks(t)
	dir := filepath.Join(plugtest.Dir(t), "sw")
	host := plugtest.Open(t, "switch://"+dir+"[hashseed=1]") // addresses that meet in the table would be flooded
	theirs := plugtest.Open(t, "cmd://"+plugtest.Program(t, "vde_plug")+" "+dir)
	long := strings.Repeat("x", 9000)
	plugtest.Converge(t, theirs, host, plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), long))
	plugtest.Send(t, host, plugtest.Frame(plugtest.MAC(1), plugtest.MAC(2), long))
	plugtest.Expect(t, theirs, plugtest.Frame(plugtest.MAC(1), plugtest.MAC(2), long))
}

func TestDirectory(t *testing.T) {
	plugtest.NoLeaks(t)
	dir := filepath.Join(plugtest.Dir(t), "sw")
	c := plugtest.Open(t, "switch://"+dir+"[mode=0660]")
	plugtest.Open(t, dir)
	for name, want := range map[string]os.FileMode{"": 0770, "ctl": 0660, "port0001": 0660} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
	second, err := plugins.Default().Open(t.Context(), "hub://"+dir, plug.Settings{})
	if err == nil {
		second.Close()
	}
	if want := "hub: " + dir + ": another switch is there"; err == nil || err.Error() != want {
		t.Errorf("second: %v, want %s", err, want)
	}
	c.Close()
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("after Close: %v", err)
	}

	// What a killed switch has left is taken over.
	if err := os.Mkdir(dir, 0700); err != nil {
		t.Fatal(err)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: filepath.Join(dir, "ctl")})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	plugtest.Open(t, "switch://"+dir)
	plugtest.Open(t, dir)
}

// TestStalledPort has a port that takes nothing; the others go on, and what
// is lost is counted.
func TestStalledPort(t *testing.T) {
	plugtest.NoLeaks(t)
	dir := filepath.Join(plugtest.Dir(t), "hub")
	host := plugtest.Open(t, "hub://"+dir)
	plugtest.Open(t, dir) // never receives
	b := plugtest.Open(t, dir)
	stats := func() plug.Stats { return host.(plug.StatsReader).Stats() }
	frame := plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), strings.Repeat("x", 5000))
	for i := 0; stats().Dropped == 0; i++ {
		if i > 10000 {
			t.Fatal("no port is ever full")
		}
		plugtest.Send(t, host, frame)
		plugtest.Expect(t, b, frame)
	}
	for range 100 {
		plugtest.Send(t, host, frame)
		plugtest.Expect(t, b, frame)
	}
	if s := stats(); s.Dropped < 100 {
		t.Errorf("Dropped = %d", s.Dropped)
	}
}

// TestBadRequests says wrong things to the control socket: the caller is
// disconnected, and the node goes on.
func TestBadRequests(t *testing.T) {
	plugtest.NoLeaks(t)
	dir := filepath.Join(plugtest.Dir(t), "sw")
	plugtest.Open(t, "switch://"+dir)
	foreign := filepath.Join(plugtest.Dir(t), "none")
	missing, err := vdewire.Request{Path: foreign}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for _, request := range [][]byte{make([]byte, 200), missing, []byte(strings.Repeat("\xff", 256))} {
		c, err := net.Dial("unix", filepath.Join(dir, "ctl"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write(request); err != nil {
			t.Error(err)
		}
		c.SetReadDeadline(time.Now().Add(plugtest.Patience))
		if n, err := c.Read(make([]byte, 256)); n > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("answer of %d bytes, %v", n, err)
		}
		c.Close()
	}
	plugtest.Open(t, dir)
}

// TestForeignSocket checks that a user cannot have the node send to a socket
// of somebody else.
func TestForeignSocket(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skipf("needs root to become another user; the user is %d", os.Geteuid())
	}
	plugtest.NoLeaks(t)
	tmp := plugtest.Dir(t)
	if err := os.Chmod(tmp, 0755); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(tmp, "sw")
	host := plugtest.Open(t, "switch://"+dir+"[mode=0666]")
	victim, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: filepath.Join(tmp, "victim")})
	if err != nil {
		t.Fatal(err)
	}
	defer victim.Close()
	request, err := vdewire.Request{Path: filepath.Join(tmp, "victim")}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	asUser(t, 65534, func() error {
		return unix.Connect(fd, &unix.SockaddrUnix{Name: filepath.Join(dir, "ctl")})
	})
	if _, err := unix.Write(fd, request); err != nil {
		t.Fatal(err)
	}
	if n, err := unix.Read(fd, make([]byte, 256)); n > 0 {
		t.Errorf("answer of %d bytes, %v", n, err)
	}
	plugtest.Send(t, host, plugtest.Frame(plugtest.Broadcast, plugtest.MAC(1), "x"))
	victim.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if n, err := victim.Read(make([]byte, 100)); err == nil {
		t.Errorf("the victim got %d bytes", n)
	}
}
