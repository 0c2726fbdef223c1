// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"
	"errors"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/enginetest"
)

// filterBytes assembles a program into the form in which it is attached.
func filterBytes(t *testing.T, code ...bpf.Instruction) []byte {
	t.Helper()
	raw, err := bpf.Assemble(code)
	if err != nil {
		t.Fatal(err)
	}
	var b []byte
	for _, r := range raw {
		b = binary.NativeEndian.AppendUint16(b, r.Op)
		b = append(b, r.Jt, r.Jf)
		b = binary.NativeEndian.AppendUint32(b, r.K)
	}
	return b
}

// TestPacketCapture sees both directions of a datagram, filtered and cut.
func TestPacketCapture(t *testing.T) {
	a, b := twoStacks(t)
	p := open(t, a, unix.AF_PACKET, unix.SOCK_RAW, 0x0300) // htons(ETH_P_ALL)
	udp := filterBytes(t,
		bpf.LoadAbsolute{Off: 12, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.ETH_P_IP, SkipFalse: 3},
		bpf.LoadAbsolute{Off: 23, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.IPPROTO_UDP, SkipFalse: 1},
		bpf.RetConstant{Val: 44},
		bpf.RetConstant{Val: 0},
	)
	p.must("filter", p.Setsockopt(caller(), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, udp))
	p.set(unix.SOL_PACKET, unix.PACKET_AUXDATA, 1)
	s := open(t, b, unix.AF_INET, unix.SOCK_DGRAM, 0)
	s.bind(in4(addrB, 5000))
	c := open(t, a, unix.AF_INET, unix.SOCK_DGRAM, 0)
	c.bind(in4(addrA, 5001))
	c.send([]byte("captured payload"), in4(addrB, 5000))
	_ = s.text(100)
	s.send([]byte("answer"), in4(addrA, 5001))
	for _, want := range []uint8{unix.PACKET_OUTGOING, unix.PACKET_HOST} {
		m, n, err := p.recv(200, 0)
		if err != nil {
			t.Fatal(err)
		}
		if m.Addr[10] != want || n != 44 {
			t.Errorf("packet type %d of %d bytes, not %d", m.Addr[10], n, want)
		}
		msgs, err := unix.ParseSocketControlMessage(m.Control)
		if err != nil || len(msgs) != 1 || msgs[0].Header.Type != unix.PACKET_AUXDATA {
			t.Fatalf("control %v %v", msgs, err)
		}
	}
	st, err := p.Getsockopt(caller(), unix.SOL_PACKET, unix.PACKET_STATISTICS, 8)
	if err != nil || binary.NativeEndian.Uint32(st) != 2 {
		t.Errorf("statistics %x %v", st, err)
	}
}

// TestPacketSend exchanges frames of a protocol of one's own.
func TestPacketSend(t *testing.T) {
	a, b := twoStacks(t)
	const proto = 0x88b5 // for experiments
	x := open(t, a, unix.AF_PACKET, unix.SOCK_DGRAM, 0xb588)
	y := open(t, b, unix.AF_PACKET, unix.SOCK_DGRAM, 0xb588)
	to := linkSockaddr(&frame{link: 2, proto: proto, source: []byte(b.links[2].LinkAddress())})
	x.send([]byte("raw ethernet"), to)
	m, _, err := y.recv(100, 0)
	if err != nil || string(m.Data) != "raw ethernet" || m.Addr[10] != unix.PACKET_HOST {
		t.Errorf("%q %x %v", m.Data, m.Addr, err)
	}
	if _, err := a.Socket(&enginetest.Call{Who: engine.Cred{IDs: engine.IDs{EUID: 1000}}}, unix.AF_PACKET, unix.SOCK_RAW, 0); !errors.Is(err, unix.EPERM) {
		t.Errorf("without capability: %v", err)
	}
}

// FuzzFilter runs any program that is accepted over a packet: it ends, and takes no
// more than there is.
func FuzzFilter(f *testing.F) {
	f.Add([]byte{6, 0, 0, 0, 0, 0, 4, 0}, []byte("packet"))
	f.Fuzz(func(t *testing.T, code, pkt []byte) {
		p, err := newFilter(code)
		if err != nil {
			return
		}
		if n := p.run(pkt, 0); n < 0 {
			t.Errorf("returned %d", n)
		}
	})
}
