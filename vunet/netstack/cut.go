// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// cutter makes the frames of a packet. The stack hands over up to 64 KiB of a TCP connection as one packet without a
// checksum: it is cut into segments here, which have the same headers but for lengths, sequence numbers, checksums and those flags
// that belong to the first or the last one only (net/ipv4/tcp_offload.c:tcp_gso_segment()).
type cutter struct {
	headers [3][]byte // Ethernet, IP, TCP; of a packet that is not cut they are with the data
	header  int       // their length, of all together
	data    [][]byte  // what is left of it
	left    int       // its length in bytes
	most    int       // of data in one frame
	done    int       // bytes of data in the frames before
	frames  int       // that were made
	sums    bool      // the TCP checksum is still to be made
	ip6     bool
}

func newCutter(pkt *stack.PacketBuffer) cutter {
	var c cutter
	if gso := &pkt.GSOOptions; gso.Type == stack.GSOTCPv4 || gso.Type == stack.GSOTCPv6 {
		c.sums, c.ip6, c.most = true, gso.Type == stack.GSOTCPv6, int(gso.MSS)
		// Before the data: to give out a header may move what shares memory with it.
		c.headers = [3][]byte{pkt.LinkHeader().Slice(), pkt.NetworkHeader().Slice(), pkt.TransportHeader().Slice()}
		for _, h := range c.headers {
			c.header += len(h)
		}
	}
	c.data, c.left = pkt.AsSlices(), pkt.Size()
	c.read(nil, c.header)
	if c.most == 0 {
		c.most = c.left
	}
	return c
}

// next is the length of the next frame in bytes; 0 if there is none.
func (c *cutter) next() int {
	if c.left == 0 && c.frames > 0 {
		return 0
	}
	return c.header + min(c.left, c.most)
}

// make makes the next frame in b, which has its length.
func (c *cutter) make(b []byte) {
	at := 0
	for _, h := range c.headers {
		at += copy(b[at:], h)
	}
	c.read(b[at:], len(b)-at)
	if c.sums {
		c.finish(b)
	}
	c.done += len(b) - at
	c.frames++
}

// read takes n bytes of data; b has that length, or is nil to leave them out.
func (c *cutter) read(b []byte, n int) {
	c.left -= n
	for n > 0 {
		k := min(n, len(c.data[0]))
		if b != nil {
			b = b[copy(b, c.data[0][:k]):]
		}
		n -= k
		if c.data[0] = c.data[0][k:]; len(c.data[0]) == 0 {
			c.data = c.data[1:]
		}
	}
}

// finish fills in what differs from segment to segment.
func (c *cutter) finish(frame []byte) {
	ip := frame[len(c.headers[0]):]
	segment := ip[len(c.headers[1]):]
	var sum uint16
	if c.ip6 {
		h := header.IPv6(ip)
		h.SetPayloadLength(uint16(len(ip) - header.IPv6MinimumSize))
		sum = header.PseudoHeaderChecksum(header.TCPProtocolNumber, h.SourceAddress(), h.DestinationAddress(), uint16(len(segment)))
	} else {
		h := header.IPv4(ip)
		h.SetTotalLength(uint16(len(ip)))
		h.SetID(h.ID() + uint16(c.frames))
		h.SetChecksum(0)
		h.SetChecksum(^h.CalculateChecksum())
		sum = header.PseudoHeaderChecksum(header.TCPProtocolNumber, h.SourceAddress(), h.DestinationAddress(), uint16(len(segment)))
	}
	tcp := header.TCP(segment)
	tcp.SetSequenceNumber(tcp.SequenceNumber() + uint32(c.done))
	flags := tcp.Flags()
	if c.frames > 0 {
		flags &^= header.TCPFlagCwr
	}
	if c.left > 0 {
		flags &^= header.TCPFlagFin | header.TCPFlagPsh
	}
	tcp.SetFlags(uint8(flags))
	tcp.SetChecksum(0)
	tcp.SetChecksum(^checksum.Checksum(segment, sum))
}
