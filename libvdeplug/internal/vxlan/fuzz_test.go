// SPDX-License-Identifier: Apache-2.0

package vxlan

import (
	"errors"
	"net/netip"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/libvdeplug/internal/mactable"
	"vuos.dev/libvdeplug/plug"
)

// pair makes a Conn of a socket on the loopback interface, and a socket that
// sends to it.
func pair(t testing.TB) (c *Conn, send func([]byte), from netip.AddrPort) {
	t.Helper()
	var fds [2]int
	var ports [2]uint16
	for i := range fds {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err == nil {
			err = unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
		}
		if err == nil {
			ports[i], err = localPort(fd)
		}
		if err != nil {
			t.Fatal(err)
		}
		fds[i] = fd
	}
	loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	cfg := &Config{Plugin: "test", Group: netip.AddrPortFrom(loopback, 9), VNI: 0x010203, HashSize: 16, Expire: time.Minute}
	c, err := newConn(cfg, fds[0])
	if err != nil {
		t.Fatal(err)
	}
	c.goodbye = true
	c.from = func(src netip.AddrPort) (netip.AddrPort, bool) { return src, true }
	t.Cleanup(func() {
		c.Close()
		unix.Close(fds[1])
	})
	to := &unix.SockaddrInet4{Port: int(ports[0]), Addr: [4]byte{127, 0, 0, 1}}
	return c, func(b []byte) {
		if err := unix.Sendto(fds[1], b, 0, to); err != nil {
			t.Fatal(err)
		}
	}, netip.AddrPortFrom(loopback, ports[1])
}

// packet puts the header of network vni before a frame.
func packet(vni uint32, frame string) []byte {
	h := NewHeader(vni)
	return append(h[:], frame...)
}

const frame = "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x88\xb5payload"

// FuzzPacket sends a packet and then a good one. The first must be delivered
// just if it is a frame of our network, and must have been learned from then;
// the good one must always arrive.
func FuzzPacket(f *testing.F) {
	f.Add([]byte{})
	f.Add(packet(0x010203, ""))
	f.Add(packet(0x010203, frame))
	f.Add(packet(0x010203, frame[:13]))
	f.Add(packet(0x010204, frame))
	f.Add(append([]byte{0xff, 1, 2, 3, 1, 2, 3, 9}, frame...))
	c, send, from := pair(f)
	bufs, sizes := plug.Buffers(c, 1)
	good := packet(0x010203, "\x02\x00\x00\x00\x00\x03\x02\x00\x00\x00\x00\x04\x88\xb5good")
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 60000 {
			return // more than UDP takes
		}
		c.table.Forget(from)
		if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		send(b)
		send(good)
		ours := len(b) >= HeaderLen+plug.MinFrame && len(b) <= HeaderLen+plug.MaxFrame &&
			b[0]&8 != 0 && b[4] == 1 && b[5] == 2 && b[6] == 3
		if ours {
			if _, err := c.Recv(bufs, sizes); err != nil || string(bufs[0][:sizes[0]]) != string(b[HeaderLen:]) {
				t.Fatalf("%q: received %q, %v", b, bufs[0][:sizes[0]], err)
			}
			src := b[HeaderLen+6 : HeaderLen+12]
			if at, ok := c.table.Find(mactable.KeyOf(src, 0), time.Now()); !mactable.IsGroup(src) && (!ok || at != from) {
				t.Fatalf("%q: learned %v, %v", b, at, ok)
			}
		}
		if _, err := c.Recv(bufs, sizes); err != nil || string(bufs[0][:sizes[0]]) != string(good[HeaderLen:]) {
			t.Fatalf("after %q: received %q, %v", b, bufs[0][:sizes[0]], err)
		}
	})
}

func TestCounts(t *testing.T) {
	c, send, _ := pair(t)
	for _, b := range [][]byte{{}, {8}, packet(1, frame), packet(0x010203, frame[:13]), packet(0x010203, string(make([]byte, plug.MaxFrame+1)))} {
		send(b)
	}
	bufs, sizes := plug.Buffers(c, 8)
	if err := c.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Recv(bufs, sizes); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Recv = %d, %v", n, err)
	}
	if s := c.Stats(); s.Malformed != 5 {
		t.Errorf("Malformed = %d, want 5", s.Malformed)
	}
}

func TestWithGroupID(t *testing.T) {
	for addr, want := range map[string]string{"239.0.0.1": "239.1.2.3", "ff05:56de::1": "ff05:56de::1:203"} {
		if got := withGroupID(netip.MustParseAddr(addr), 0x010203); got.String() != want {
			t.Errorf("%s: %v, want %s", addr, got, want)
		}
	}
}
