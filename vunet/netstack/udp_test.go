// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"
	"errors"
	"testing"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"

	"vuos.dev/engine"
)

func TestUDP(t *testing.T) {
	a, b := twoStacks(t)
	s := open(t, b, unix.AF_INET, unix.SOCK_DGRAM, 0)
	s.bind(in4(addrB, 5000))
	s.set(unix.SOL_IP, unix.IP_PKTINFO, 1)
	s.set(unix.SOL_IP, unix.IP_RECVTTL, 1)
	s.set(unix.SOL_SOCKET, unix.SO_TIMESTAMP, 1)
	c := open(t, a, unix.AF_INET, unix.SOCK_DGRAM, 0)
	c.send([]byte("datagram"), in4(addrB, 5000))
	m, n, err := s.recv(4, unix.MSG_TRUNC)
	if err != nil || n != 8 || string(m.Data) != "data" || m.Flags&unix.MSG_TRUNC == 0 {
		t.Fatalf("truncated: %d %q flags %#x, %v", n, m.Data, m.Flags, err)
	}
	if [4]byte(m.Addr[4:8]) != addrA {
		t.Errorf("from %x", m.Addr)
	}
	seen := map[int]int{}
	msgs, err := unix.ParseSocketControlMessage(m.Control)
	if err != nil {
		t.Fatal(err)
	}
	for _, cm := range msgs {
		seen[int(cm.Header.Type)] = int(binary.NativeEndian.Uint32(cm.Data))
	}
	if seen[unix.IP_PKTINFO] != 2 || seen[unix.IP_TTL] != 64 || seen[unix.SO_TIMESTAMP] == 0 {
		t.Errorf("control messages %v", seen)
	}
	c.send([]byte{}, in4(addrB, 5000))
	if _, n, err := s.recv(10, 0); n != 0 || err != nil {
		t.Errorf("empty datagram: %d %v", n, err)
	}
	more := &engine.Message{Data: []byte("one "), Addr: in4(addrB, 5000)}
	if _, err := c.Send(caller(), more, unix.MSG_MORE); err != nil {
		t.Fatal(err)
	}
	c.send([]byte("two"), in4(addrB, 5000))
	if got := s.text(100); got != "one two" {
		t.Errorf("MSG_MORE: %q", got)
	}
}

func TestUDPErrors(t *testing.T) {
	a, _ := twoStacks(t)
	c := open(t, a, unix.AF_INET, unix.SOCK_DGRAM, 0)
	c.set(unix.SOL_IP, unix.IP_RECVERR, 1)
	c.must("connect", c.connect(in4(addrB, 1)))
	c.send([]byte("nobody"), nil)
	if _, _, err := c.recv(10, 0); !errors.Is(err, unix.ECONNREFUSED) {
		t.Errorf("recv: %v", err)
	}
	m, _, err := c.recv(100, unix.MSG_ERRQUEUE)
	if err != nil || string(m.Data) != "nobody" || m.Flags&unix.MSG_ERRQUEUE == 0 {
		t.Fatalf("error queue: %q %#x %v", m.Data, m.Flags, err)
	}
	msgs, err := unix.ParseSocketControlMessage(m.Control)
	if err != nil || len(msgs) != 1 || msgs[0].Header.Type != unix.IP_RECVERR || msgs[0].Data[4] != unix.SO_EE_ORIGIN_ICMP {
		t.Errorf("control %v %v", msgs, err)
	}
	if _, err := c.Send(caller(), &engine.Message{Data: []byte("x"), Addr: in4([4]byte{192, 0, 2, 1}, 1)}, 0); !errors.Is(err, unix.ENETUNREACH) {
		t.Errorf("no route: %v", err)
	}
	if err := c.Setsockopt(caller(), unix.SOL_SOCKET, 9999, []byte{1, 0, 0, 0}); !errors.Is(err, unix.ENOPROTOOPT) {
		t.Errorf("unknown option: %v", err)
	}
}

func TestPing(t *testing.T) {
	a, _ := twoStacks(t)
	for _, typ := range []int{unix.SOCK_DGRAM, unix.SOCK_RAW} {
		p := open(t, a, unix.AF_INET, typ, unix.IPPROTO_ICMP)
		echo := []byte{8, 0, 0, 0, 0x12, 0x34, 0, 1, 'p', 'i', 'n', 'g'}
		if typ == unix.SOCK_RAW {
			echo[2], echo[3] = 0x04, 0x5a
			binary.BigEndian.PutUint16(echo[2:], icmpChecksum(echo))
		}
		p.send(echo, in4(addrB, 0))
		m, _, err := p.recv(100, 0)
		if err != nil {
			t.Fatal(err)
		}
		data := m.Data
		if typ == unix.SOCK_RAW {
			data = data[20:]
		}
		if data[0] != 0 || string(data[8:]) != "ping" {
			t.Errorf("type %d: reply %x", typ, data)
		}
	}
}

// TestICMPFilter keeps one kind of message from a raw socket.
func TestICMPFilter(t *testing.T) {
	a, _ := twoStacks(t)
	p := open(t, a, unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP)
	filtered := open(t, a, unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP)
	filtered.set(unix.SOL_RAW, icmpFilter, 1<<0) // echo reply
	echo := []byte{8, 0, 0, 0, 0x12, 0x34, 0, 1}
	binary.BigEndian.PutUint16(echo[2:], icmpChecksum(echo))
	p.send(echo, in4(addrB, 0))
	if _, _, err := p.recv(100, 0); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the reply to come to the other socket", func() bool {
		q, err := filtered.Socket.(*inet).ep().GetSockOptInt(tcpip.ReceiveQueueSizeOption)
		return err == nil && q > 0
	})
	if n, err := filtered.Recv(caller(), &engine.Message{Data: make([]byte, 100)}, 0); !errors.Is(err, unix.EAGAIN) {
		t.Errorf("received %d bytes, %v", n, err)
	}
}

func icmpChecksum(b []byte) uint16 {
	binary.BigEndian.PutUint16(b[2:], 0)
	var sum uint32
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

func TestIPv6LinkLocal(t *testing.T) {
	a, b := twoStacks(t)
	ll := func(s *Stack) (out *sock, addr []byte) {
		eventually(t, "duplicate address detection", func() bool {
			for _, x := range s.conf.Addrs() {
				if x.Local.IsLinkLocalUnicast() && !x.Tentative() {
					addr = in6(x.Local, 6000, 2)
					return true
				}
			}
			return false
		})
		out = open(t, s, unix.AF_INET6, unix.SOCK_DGRAM, 0)
		out.bind(addr)
		return out, addr
	}
	x, _ := ll(a)
	y, to := ll(b)
	x.send([]byte("six"), to)
	if got := y.text(10); got != "six" {
		t.Errorf("got %q", got)
	}
}

func TestLoopback(t *testing.T) {
	a, _ := twoStacks(t)
	s := open(t, a, unix.AF_INET6, unix.SOCK_DGRAM, 0)
	s.bind(make6(0, 5353))
	c := open(t, a, unix.AF_INET, unix.SOCK_DGRAM, 0)
	c.send([]byte("mapped"), in4([4]byte{127, 0, 0, 1}, 5353))
	m, _, err := s.recv(10, 0)
	if err != nil || string(m.Data) != "mapped" || m.Addr[18] != 0xff || m.Addr[20] != 127 {
		t.Errorf("%q from %x, %v", m.Data, m.Addr, err)
	}
}

func make6(scope uint32, port uint16) []byte {
	b := make([]byte, sizeofInet6)
	b[0] = unix.AF_INET6
	binary.BigEndian.PutUint16(b[2:], port)
	binary.NativeEndian.PutUint32(b[24:], scope)
	return b
}
