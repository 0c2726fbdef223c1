// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"bytes"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

const (
	// maxRuns is how many connections joiner keeps apart.
	maxRuns = 8
	// maxJoined is the length of the longest frame that is made, in bytes: that of the largest buffer that gVisor keeps for
	// reuse.
	maxJoined = buffer.MaxChunkSize

	dataOffsetByte = 12 // of a TCP header: its length and bits that are reserved
)

// joiner puts the segments of TCP connections that come in together into one packet each, so that the stack has one to handle where
// there were many (generic receive offload, net/ipv4/tcp_offload.c:tcp_gro_receive()). Only what follows each other without a gap
// and has the same headers is joined, and its checksums are right. What is given to add must stay as it is until flush.
type joiner struct {
	runs    []run // the order in which they were begun
	deliver func(head []byte, data [][]byte, valid bool)
}

// run is segments that follow each other.
type run struct {
	segment          // the first
	pieces  [][]byte // the data of each
	size    int      // of all together, with the headers of the first
}

// segment is where things are in the frame of a TCP segment.
type segment struct {
	frame []byte
	ip6   bool
	tcp   int    // where the TCP header begins
	data  int    // where the data begins
	next  uint32 // the sequence number that follows
}

// add takes a frame in. It may be delivered at once, or later together with others, but segments of one connection in
// their order.
func (j *joiner) add(frame []byte, proto uint16) {
	s, isTCP := parseSegment(frame, proto)
	if !isTCP {
		j.deliver(frame, nil, false)
		return
	}
	at := j.find(&s)
	plain := s.plain()
	if at >= 0 {
		r := &j.runs[at]
		if plain && r.joins(&s) && s.valid() {
			r.pieces = append(r.pieces, s.frame[s.data:])
			r.size += len(s.frame) - s.data
			r.next = s.next
			r.push(&s)
			return
		}
		j.end(at)
	}
	if !plain || !s.valid() {
		j.deliver(frame, nil, false)
		return
	}
	if len(j.runs) == maxRuns {
		j.end(0)
	}
	j.begin(s)
}

// begin begins a run. The memory of one that has ended is used again.
func (j *joiner) begin(s segment) {
	n := len(j.runs)
	if n == cap(j.runs) {
		j.runs = append(j.runs, run{})
	}
	j.runs = j.runs[:n+1]
	j.runs[n] = run{segment: s, pieces: append(j.runs[n].pieces[:0], s.frame[s.data:]), size: len(s.frame)}
}

// find finds the run of a segment's connection, or returns -1.
func (j *joiner) find(s *segment) int {
	for i := range j.runs {
		if j.runs[i].ip6 == s.ip6 && bytes.Equal(j.runs[i].ends(), s.ends()) {
			return i
		}
	}
	return -1
}

// end delivers a run.
func (j *joiner) end(i int) {
	r := j.runs[i]
	last := len(j.runs) - 1
	copy(j.runs[i:], j.runs[i+1:])
	j.runs[last] = run{pieces: r.pieces}
	j.runs = j.runs[:last]
	if len(r.pieces) > 1 {
		r.resize()
	}
	j.deliver(r.frame[:r.data], r.pieces, true)
}

// flush delivers what is there.
func (j *joiner) flush() {
	for len(j.runs) > 0 {
		j.end(0)
	}
}

// parseSegment finds its way through a frame; false if it has no TCP segment, or one with headers that are seldom seen: IPv4
// options, IPv6 extension headers, fragments.
func parseSegment(frame []byte, proto uint16) (s segment, ok bool) {
	const eth = header.EthernetMinimumSize
	ip := frame[eth:]
	var size int
	switch tcpip.NetworkProtocolNumber(proto) {
	case header.IPv4ProtocolNumber:
		h := header.IPv4(ip)
		if len(ip) < header.IPv4MinimumSize || ip[0] != 4<<4|header.IPv4MinimumSize/4 || h.Protocol() != uint8(header.TCPProtocolNumber) ||
			h.More() || h.FragmentOffset() != 0 {
			return s, false
		}
		s.tcp, size = eth+header.IPv4MinimumSize, int(h.TotalLength())
	case header.IPv6ProtocolNumber:
		h := header.IPv6(ip)
		if len(ip) < header.IPv6MinimumSize || ip[0]>>4 != 6 || h.NextHeader() != uint8(header.TCPProtocolNumber) {
			return s, false
		}
		s.ip6, s.tcp, size = true, eth+header.IPv6MinimumSize, header.IPv6MinimumSize+int(h.PayloadLength())
	default:
		return s, false
	}
	if size > len(ip) || eth+size < s.tcp+header.TCPMinimumSize {
		return s, false
	}
	s.frame = frame[:eth+size] // without padding
	tcp := header.TCP(s.frame[s.tcp:])
	s.data = s.tcp + int(tcp.DataOffset())
	if s.data < s.tcp+header.TCPMinimumSize || s.data > len(s.frame) {
		return s, false
	}
	s.next = tcp.SequenceNumber() + uint32(len(s.frame)-s.data)
	return s, true
}

// ends are both addresses and both ports.
func (s *segment) ends() []byte {
	addresses := 2 * header.IPv4AddressSize
	if s.ip6 {
		addresses = 2 * header.IPv6AddressSize
	}
	return s.frame[s.tcp-addresses : s.tcp+4]
}

// plain tells whether a segment has data and says nothing else but how far the other side has got.
func (s *segment) plain() bool {
	flags := header.TCP(s.frame[s.tcp:]).Flags()
	return s.data < len(s.frame) && flags&^header.TCPFlagPsh == header.TCPFlagAck
}

// valid tells whether the checksums are right.
func (s *segment) valid() bool {
	ip := s.frame[header.EthernetMinimumSize:]
	tcp := s.frame[s.tcp:]
	var sum uint16
	if s.ip6 {
		h := header.IPv6(ip)
		sum = header.PseudoHeaderChecksum(header.TCPProtocolNumber, h.SourceAddress(), h.DestinationAddress(), uint16(len(tcp)))
	} else {
		h := header.IPv4(ip)
		if !h.IsChecksumValid() {
			return false
		}
		sum = header.PseudoHeaderChecksum(header.TCPProtocolNumber, h.SourceAddress(), h.DestinationAddress(), uint16(len(tcp)))
	}
	return checksum.Checksum(tcp, sum) == 0xffff
}

// joins tells whether s follows the run and its headers are the same. Of the same connection it is.
func (r *run) joins(s *segment) bool {
	const eth = header.EthernetMinimumSize
	a, b := r.frame, s.frame
	ta, tb := header.TCP(a[r.tcp:r.data]), header.TCP(b[s.tcp:s.data])
	if tb.SequenceNumber() != r.next || r.size+len(b)-s.data > maxJoined || ta[dataOffsetByte] != tb[dataOffsetByte] ||
		ta.AckNumber() != tb.AckNumber() || ta.WindowSize() != tb.WindowSize() ||
		!bytes.Equal(ta[header.TCPMinimumSize:], tb[header.TCPMinimumSize:]) {
		return false
	}
	if s.ip6 {
		return bytes.Equal(a[eth:eth+4], b[eth:eth+4]) && a[eth+7] == b[eth+7] // class and flow label; hop limit
	}
	return a[eth+1] == b[eth+1] && bytes.Equal(a[eth+6:eth+9], b[eth+6:eth+9]) // class; flags, time to live
}

// push gives the run the flag PSH if s has it.
func (r *run) push(s *segment) {
	t := header.TCP(r.frame[r.tcp:])
	t.SetFlags(uint8(t.Flags() | header.TCP(s.frame[s.tcp:]).Flags()))
}

// resize makes the length in the header of the first frame that of all.
func (r *run) resize() {
	ip := r.frame[header.EthernetMinimumSize:]
	size := r.size - header.EthernetMinimumSize
	if r.ip6 {
		header.IPv6(ip).SetPayloadLength(uint16(size - header.IPv6MinimumSize))
		return
	}
	h := header.IPv4(ip)
	h.SetTotalLength(uint16(size))
	h.SetChecksum(0)
	h.SetChecksum(^h.CalculateChecksum())
}
