// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

const (
	testMSS     = 1000
	testOptions = 12 // bytes
)

// bigPacket is what the stack hands to a link: headers and data of a connection, to be cut.
func bigPacket(proto tcpip.NetworkProtocolNumber, data []byte, flags header.TCPFlags) *stack.PacketBuffer {
	pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{
		ReserveHeaderBytes: 100, Payload: buffer.MakeWithData(slices.Clone(data)),
	})
	pkt.NetworkProtocolNumber, pkt.TransportProtocolNumber = proto, header.TCPProtocolNumber
	const size = header.TCPMinimumSize + testOptions
	tcp := header.TCP(pkt.TransportHeader().Push(size))
	tcp.Encode(&header.TCPFields{SrcPort: 1, DstPort: 2, SeqNum: 0xffffff00, AckNum: 5, DataOffset: size, Flags: flags, WindowSize: 9})
	copy(tcp[header.TCPMinimumSize:], "\x01\x01\x08\x0aabcdefgh") // a time stamp
	pkt.GSOOptions = stack.GSO{NeedsCsum: true, CsumOffset: header.TCPChecksumOffset, MSS: testMSS, MaxSize: maxJoined}
	if proto == header.IPv6ProtocolNumber {
		pkt.GSOOptions.Type = stack.GSOTCPv6
		header.IPv6(pkt.NetworkHeader().Push(header.IPv6MinimumSize)).Encode(&header.IPv6Fields{
			PayloadLength: uint16(size + len(data)), TransportProtocol: header.TCPProtocolNumber, HopLimit: 64,
			SrcAddr: toAddress(netip.MustParseAddr("fe80::1")), DstAddr: toAddress(netip.MustParseAddr("fe80::2")),
		})
	} else {
		pkt.GSOOptions.Type = stack.GSOTCPv4
		h := header.IPv4(pkt.NetworkHeader().Push(header.IPv4MinimumSize))
		h.Encode(&header.IPv4Fields{
			TotalLength: uint16(header.IPv4MinimumSize + size + len(data)), Protocol: uint8(header.TCPProtocolNumber), TTL: 64, ID: 7,
			SrcAddr: toAddress(from4(addrA)), DstAddr: toAddress(from4(addrB)),
		})
		h.SetChecksum(^h.CalculateChecksum())
	}
	header.Ethernet(pkt.LinkHeader().Push(header.EthernetMinimumSize)).Encode(&header.EthernetFields{
		SrcAddr: "\x02\x00\x00\x00\x00\x01", DstAddr: "\x02\x00\x00\x00\x00\x02", Type: proto,
	})
	return pkt
}

func cut(pkt *stack.PacketBuffer) (frames [][]byte) {
	c := newCutter(pkt)
	for n := c.next(); n > 0; n = c.next() {
		b := make([]byte, n)
		c.make(b)
		frames = append(frames, b)
	}
	return frames
}

// joined is what a joiner delivered.
type joined struct {
	frame []byte
	valid bool
}

func join(frames ...[]byte) (out []joined) {
	j := &joiner{deliver: func(head []byte, more [][]byte, valid bool) {
		out = append(out, joined{slices.Concat(append([][]byte{head}, more...)...), valid})
	}}
	for _, f := range frames {
		f = slices.Clone(f)
		j.add(f, uint16(header.Ethernet(f).Type()))
	}
	j.flush()
	return out
}

// TestCut cuts a packet, looks at every segment, and puts them together again.
func TestCut(t *testing.T) {
	data := make([]byte, 10*testMSS+77)
	for i := range data {
		data[i] = byte(i * i >> 3)
	}
	const flags = header.TCPFlagAck | header.TCPFlagPsh
	for _, proto := range []tcpip.NetworkProtocolNumber{header.IPv4ProtocolNumber, header.IPv6ProtocolNumber} {
		frames := cut(bigPacket(proto, data, flags))
		if len(frames) != 11 {
			t.Fatalf("%d frames", len(frames))
		}
		var got []byte
		for i, f := range frames {
			s, ok := parseSegment(f, uint16(proto))
			if !ok || !s.valid() || len(s.frame) != len(f) {
				t.Fatalf("frame %d is not good: %x", i, f)
			}
			h := header.TCP(f[s.tcp:])
			if want := uint32(0xffffff00 + i*testMSS); h.SequenceNumber() != want {
				t.Errorf("frame %d has sequence number %#x, not %#x", i, h.SequenceNumber(), want)
			}
			if last := i == len(frames)-1; h.Flags()&header.TCPFlagPsh != 0 != last {
				t.Errorf("frame %d has flags %v", i, h.Flags())
			}
			got = append(got, f[s.data:]...)
		}
		if !bytes.Equal(got, data) {
			t.Error("other data came out")
		}
		whole := join(frames...)
		if len(whole) != 1 || !whole[0].valid {
			t.Fatalf("%d packets", len(whole))
		}
		s, ok := parseSegment(whole[0].frame, uint16(proto))
		if !ok || len(s.frame) != len(whole[0].frame) || !bytes.Equal(s.frame[s.data:], data) || header.TCP(s.frame[s.tcp:]).Flags() != flags {
			t.Errorf("joined, it is another packet")
		}
	}
}

// TestCutWhole cuts nothing: a packet that is complete already, and one without data.
func TestCutWhole(t *testing.T) {
	pkt := bigPacket(header.IPv4ProtocolNumber, []byte("data"), header.TCPFlagAck)
	frames := cut(pkt)
	pkt.GSOOptions = stack.GSO{}
	pkt.TransportHeader().Slice()[header.TCPChecksumOffset] = 1
	if same := cut(pkt); len(frames) != 1 || len(same) != 1 || len(same[0]) != len(frames[0]) || same[0][len(same[0])-1] != 'a' {
		t.Errorf("%x and %x", frames, same)
	}
	if ack := cut(bigPacket(header.IPv6ProtocolNumber, nil, header.TCPFlagAck)); len(ack) != 1 || len(join(ack...)) != 1 {
		t.Errorf("%x", ack)
	}
}

// TestJoinOrder keeps apart what may not be joined, and in its order.
func TestJoinOrder(t *testing.T) {
	frames := func(from uint32, port uint16, sizes ...int) (out [][]byte) {
		for i, n := range sizes {
			pkt := bigPacket(header.IPv4ProtocolNumber, bytes.Repeat([]byte{byte(i)}, n), header.TCPFlagAck)
			h := header.TCP(pkt.TransportHeader().Slice())
			h.SetSequenceNumber(from)
			h.SetSourcePort(port)
			from += uint32(n)
			out = append(out, cut(pkt)...)
		}
		return out
	}
	edit := func(f []byte, at int, b byte) []byte {
		f = slices.Clone(f)
		f[at] ^= b
		return f
	}
	a, b := frames(1, 1, 100, 50, 100), frames(1, 2, 100, 100)
	const ip, tcp, data = 14, 34, 66
	for _, c := range []struct {
		name string
		in   [][]byte
		want []int // lengths of what comes out, with headers
	}{
		{"two connections", [][]byte{a[0], b[0], a[1], b[1], a[2]}, []int{data + 250, data + 200}},
		{"a gap", [][]byte{a[0], a[2]}, []int{data + 100, data + 100}},
		{"twice the same", [][]byte{a[0], a[0]}, []int{data + 100, data + 100}},
		{"an acknowledgement between", [][]byte{a[0], frames(101, 1, 0)[0], a[1]}, []int{data + 100, data, data + 50}},
		{"a bad checksum", [][]byte{a[0], edit(a[1], data, 1), a[2]}, []int{data + 100, data + 50, data + 100}},
		{"a bad IP checksum", [][]byte{a[0], edit(a[1], ip+8, 1)}, []int{data + 100, data + 50}},
		{"padding", [][]byte{append(slices.Clone(a[0]), 0, 0), a[1]}, []int{data + 150}},
		{"cut short", [][]byte{a[0][:data+10], a[0][:tcp+3]}, []int{data + 10, tcp + 3}},
	} {
		var got []int
		for _, o := range join(c.in...) {
			got = append(got, len(o.frame))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: packets of %d bytes, not %d", c.name, got, c.want)
		}
	}
	many := make([][]byte, 0, 2*maxRuns)
	for port := range 2 * maxRuns {
		many = append(many, frames(1, uint16(port), 10)...)
	}
	if got := join(many...); len(got) != len(many) {
		t.Errorf("%d packets of %d connections", len(got), len(many))
	}
}

// FuzzJoin gives a joiner any frames. What it takes as the data of a connection comes out whole and in its order, everything
// else as it was.
func FuzzJoin(f *testing.F) {
	var seed []byte
	for _, proto := range []tcpip.NetworkProtocolNumber{header.IPv4ProtocolNumber, header.IPv6ProtocolNumber} {
		pkt := bigPacket(proto, make([]byte, 3), header.TCPFlagAck)
		pkt.GSOOptions.MSS = 2
		for _, b := range cut(pkt) {
			seed = append(binary.BigEndian.AppendUint16(seed, uint16(len(b))), b...)
		}
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, b []byte) {
		var in [][]byte
		for len(b) >= 2 {
			n := min(int(binary.BigEndian.Uint16(b)), len(b)-2)
			if n >= header.EthernetMinimumSize {
				in = append(in, b[2:2+n])
			}
			b = b[2+n:]
		}
		before, after := content(in), map[string][]byte{}
		for _, o := range join(in...) {
			for k, v := range content([][]byte{o.frame}) {
				after[k] = append(after[k], v...)
			}
		}
		if len(before) != len(after) {
			t.Fatalf("%d kinds of packets became %d", len(before), len(after))
		}
		for k, v := range before {
			if !bytes.Equal(v, after[k]) {
				t.Errorf("%x: %x became %x", k, v, after[k])
			}
		}
	})
}

// content is the data of each connection, and all else by itself.
func content(frames [][]byte) map[string][]byte {
	out := map[string][]byte{}
	for _, b := range frames {
		s, ok := parseSegment(b, uint16(header.Ethernet(b).Type()))
		key, data := "", b
		if ok {
			key, data = string(s.ends()), s.frame[s.data:]
		}
		out[key] = append(out[key], data...)
	}
	return out
}
