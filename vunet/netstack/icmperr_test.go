// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"vuos.dev/engine"
)

// TestErrorQueue has a datagram refused by the other stack: the sender, which is not connected, hears by whom.
func TestErrorQueue(t *testing.T) {
	a, _ := twoStacks(t)
	x := open(t, a, unix.AF_INET, unix.SOCK_DGRAM, 0)
	x.set(unix.SOL_IP, unix.IP_RECVERR, 1)
	x.bind(in4([4]byte{}, 0))
	to := in4(addrB, 9)
	x.send([]byte("who is there"), to)
	eventually(t, "an error", func() bool { return x.Ready()&unix.POLLERR != 0 })
	if _, _, err := x.recv(9, 0); err != unix.ECONNREFUSED {
		t.Errorf("recv: %v, want ECONNREFUSED", err)
	}
	m, n, err := x.recv(100, unix.MSG_ERRQUEUE)
	x.must("recv from the error queue", err)
	if got := string(m.Data[:n]); got != "who is there" || string(m.Addr) != string(to) {
		t.Errorf("the datagram %q to %x", got, m.Addr)
	}
	ee := m.Control[cmsgHeader:]
	offender := string(ee[16+4 : 16+8])
	if unix.Errno(binary.NativeEndian.Uint32(ee)) != unix.ECONNREFUSED || ee[4] != unix.SO_EE_ORIGIN_ICMP || offender != string(addrB[:]) {
		t.Errorf("extended error % x", ee)
	}
	if _, err := x.Recv(caller(), &engine.Message{}, unix.MSG_ERRQUEUE); err != unix.EAGAIN {
		t.Errorf("the queue again: %v", err)
	}
	if ev := x.Ready(); ev&unix.POLLERR != 0 {
		t.Errorf("events %#x after the queue is empty", ev)
	}
}

// TestErrorQueue6 has a datagram refused by the sender's own stack, for a socket that is connected and one that is not.
func TestErrorQueue6(t *testing.T) {
	a, _ := twoStacks(t)
	for _, connected := range []bool{false, true} {
		x := open(t, a, unix.AF_INET6, unix.SOCK_DGRAM, 0)
		x.set(unix.SOL_IPV6, unix.IPV6_RECVERR, 1)
		to := in6(netip.IPv6Loopback(), 9, 0)
		if connected {
			x.must("connect", x.connect(to))
			x.send([]byte("x"), nil)
		} else {
			x.send([]byte("x"), to)
		}
		eventually(t, "an error", func() bool { return x.Ready()&unix.POLLERR != 0 })
		m, _, err := x.recv(100, unix.MSG_ERRQUEUE)
		x.must("recv from the error queue", err)
		if string(m.Addr[2:24]) != string(to[2:24]) || m.Control[cmsgHeader+4] != unix.SO_EE_ORIGIN_ICMP6 {
			t.Errorf("to %x: % x", m.Addr, m.Control)
		}
		if ev := x.Ready(); ev&unix.POLLERR != 0 { // skbuff.c:sock_dequeue_err_skb()
			t.Errorf("connected %v: events %#x after the queue is empty", connected, ev)
		}
	}
}

// FuzzICMP: what an ICMP message sends back is inside of it.
func FuzzICMP(f *testing.F) {
	f.Add(false, append([]byte{11, 0, 0xf4, 0xff, 0, 0, 0, 0, 0x45}, make([]byte, 40)...))
	f.Add(true, append([]byte{3, 0, 0, 0, 0, 0, 0, 0, 0x60}, make([]byte, 60)...))
	f.Fuzz(func(t *testing.T, v6 bool, b []byte) {
		size, head, parse := header.IPv4MinimumSize, header.ICMPv4MinimumSize, parseICMP4
		if v6 {
			size, head, parse = header.IPv6MinimumSize, header.ICMPv6MinimumSize, parseICMP6
		}
		pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(append(make([]byte, size), b...))})
		defer pkt.DecRef()
		pkt.NetworkHeader().Consume(size)
		pkt.TransportHeader().Consume(min(head, len(b)))
		if e, ok := parse(pkt); ok && (e.data+8 > len(e.packet) || len(e.packet) > len(b) || !e.dst.Addr().IsValid()) {
			t.Errorf("%d bytes: packet of %d, transport at %d, to %v", len(b), len(e.packet), e.data, e.dst)
		}
	})
}
