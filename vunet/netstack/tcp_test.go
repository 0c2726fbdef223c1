// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"bytes"
	"errors"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// connected makes a TCP connection from a to b.
func connected(t testing.TB, a, b *Stack) (client, server *sock) {
	t.Helper()
	l := open(t, b, unix.AF_INET, unix.SOCK_STREAM, 0)
	l.bind(in4(addrB, 7000))
	l.must("listen", l.Listen(caller(), 5))
	client = open(t, a, unix.AF_INET, unix.SOCK_STREAM, 0)
	if err := client.Connect(caller(), in4(addrB, 7000)); !errors.Is(err, unix.EINPROGRESS) {
		t.Fatalf("first connect: %v", err)
	}
	client.must("connect", client.connect(in4(addrB, 7000)))
	server, _ = l.accept()
	t.Cleanup(func() { server.Release(caller()) })
	return client, server
}

func TestTCP(t *testing.T) {
	a, b := twoStacks(t)
	c, s := connected(t, a, b)
	c.send([]byte("hello"), nil)
	if m, n, err := s.recv(3, unix.MSG_PEEK); err != nil || n != 3 || string(m.Data) != "hel" {
		t.Fatalf("peek: %q %v", m.Data, err)
	}
	if got := s.text(100); got != "hello" {
		t.Fatalf("got %q", got)
	}
	if err := c.Connect(caller(), in4(addrB, 7000)); !errors.Is(err, unix.EISCONN) {
		t.Errorf("connect again: %v", err)
	}
	name, _ := c.Sockname(caller())
	peer, err := s.Peername(caller())
	if err != nil || !bytes.Equal(name, peer) {
		t.Errorf("sockname %x, peername of the other end %x, %v", name, peer, err)
	}
	c.must("shutdown", c.Shutdown(caller(), unix.SHUT_WR))
	if _, n, err := s.recv(10, 0); n != 0 || err != nil {
		t.Errorf("after shutdown: %d %v", n, err)
	}
	s.send([]byte("bye"), nil)
	if got := c.text(10); got != "bye" {
		t.Errorf("half closed: %q", got)
	}
	if _, err := c.Send(caller(), &engine.Message{Data: []byte("x")}, 0); !errors.Is(err, unix.EPIPE) {
		t.Errorf("send after shutdown: %v", err)
	}
}

func TestTCPRefusedAndReset(t *testing.T) {
	a, b := twoStacks(t)
	c := open(t, a, unix.AF_INET, unix.SOCK_STREAM, 0)
	if err := c.connect(in4(addrB, 9)); !errors.Is(err, unix.ECONNREFUSED) {
		t.Errorf("connect: %v", err)
	}
	c, s := connected(t, a, b)
	s.must("linger", s.Setsockopt(caller(), unix.SOL_SOCKET, unix.SO_LINGER, []byte{1, 0, 0, 0, 0, 0, 0, 0}))
	s.Release(caller())
	if _, _, err := c.recv(10, 0); !errors.Is(err, unix.ECONNRESET) {
		t.Errorf("recv after reset: %v", err)
	}
}

func TestTCPBulk(t *testing.T) {
	a, b := twoStacks(t)
	c, s := connected(t, a, b)
	const total = 8 << 20
	go func() {
		chunk := bytes.Repeat([]byte("0123456789abcdef"), 4096)
		for sent := 0; sent < total; {
			part := chunk[sent%16:]
			sent += c.send(part[:min(len(part), total-sent)], nil)
		}
		_ = c.Shutdown(caller(), unix.SHUT_WR)
	}()
	got := 0
	for {
		m, n, err := s.recv(1<<18, 0)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
		for i, x := range m.Data[:min(n, 64)] {
			if want := "0123456789abcdef"[(got+i)%16]; x != want {
				t.Fatalf("byte %d is %q, not %q", got+i, x, want)
			}
		}
		got += n
	}
	if got != total {
		t.Errorf("received %d of %d bytes", got, total)
	}
	if st := a.conf.Stats(2); st.TxDropped > 0 {
		t.Errorf("%d packets dropped by the queue", st.TxDropped)
	}
}

func TestAbortResets(t *testing.T) {
	a, b := twoStacks(t)
	c, _ := connected(t, a, b)
	if !a.Busy() {
		t.Error("not busy with a connection")
	}
	a.Abort()
	if _, _, err := c.recv(1, 0); err == nil {
		t.Error("recv after abort works")
	}
}

// TestOptions reads back what was set, as the kernel gives it.
func TestOptions(t *testing.T) {
	a, _ := twoStacks(t)
	k := open(t, a, unix.AF_INET, unix.SOCK_STREAM, 0)
	for _, o := range []struct {
		level, name int
		set, get    int32
	}{
		{unix.SOL_TCP, unix.TCP_NODELAY, 1, 1},
		{unix.SOL_TCP, unix.TCP_KEEPIDLE, 33, 33},
		{unix.SOL_TCP, unix.TCP_KEEPCNT, 5, 5},
		{unix.SOL_TCP, unix.TCP_USER_TIMEOUT, 1500, 1500},
		{unix.SOL_SOCKET, unix.SO_RCVBUF, 100000, 200000},
		{unix.SOL_SOCKET, unix.SO_REUSEADDR, 1, 1},
		{unix.SOL_SOCKET, unix.SO_PRIORITY, 3, 3},
		{unix.SOL_IP, unix.IP_TTL, 7, 7},
		{unix.SOL_IP, unix.IP_TOS, 0x10, 0x10},
		{unix.SOL_IP, unix.IP_FREEBIND, 1, 1},
	} {
		k.set(o.level, o.name, o.set)
		if got := k.get(o.level, o.name); got != o.get {
			t.Errorf("option %d/%d: set %d, got %d", o.level, o.name, o.set, got)
		}
	}
	if b, err := k.Getsockopt(caller(), unix.SOL_TCP, unix.TCP_INFO, 8); err != nil || len(b) != 8 || b[0] != 7 {
		t.Errorf("TCP_INFO: %x %v", b, err)
	}
	if err := k.Setsockopt(caller(), unix.SOL_SOCKET, unix.SO_BINDTODEVICE, []byte("nosuch")); !errors.Is(err, unix.ENODEV) {
		t.Errorf("SO_BINDTODEVICE: %v", err)
	}
	if err := k.Setsockopt(caller(), unix.SOL_SOCKET, unix.SO_RCVTIMEO, []byte{1}); !errors.Is(err, unix.EINVAL) {
		t.Errorf("short SO_RCVTIMEO: %v", err)
	}
}

// TestMSS is what programs go by that want to fill packets: iperf3 -u sends datagrams of that size.
func TestMSS(t *testing.T) {
	a, b := twoStacks(t)
	fresh := open(t, a, unix.AF_INET, unix.SOCK_STREAM, 0)
	if v := fresh.get(unix.SOL_TCP, unix.TCP_MAXSEG); v != 536 {
		t.Errorf("unconnected: %d", v)
	}
	c, s := connected(t, a, b)
	for _, k := range []*sock{c, s} {
		if v := k.get(unix.SOL_TCP, unix.TCP_MAXSEG); v < 1400 || v > 1460 {
			t.Errorf("connected, MTU 1500: %d", v)
		}
	}
}
