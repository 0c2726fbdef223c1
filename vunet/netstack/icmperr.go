// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// icmpError is an ICMP message that says what became of a packet of ours.
type icmpError struct {
	family    uint8
	typ, code uint8
	info      uint32 // the MTU of the next hop
	offender  netip.Addr
	errno     unix.Errno
	hard      bool // tells connected sockets even if they did not ask (struct icmp_err)

	// The packet, as far as it was sent back.
	proto    int
	src, dst netip.AddrPort // the port of an echo request is its identifier at src
	packet   []byte         // from the IP header on
	data     int            // where the transport header is
}

// icmpErrno is icmp_err_convert of net/ipv4/icmp.c: errors of ICMP_DEST_UNREACH by code.
var icmpErrno = [...]struct {
	errno unix.Errno
	hard  bool
}{
	{unix.ENETUNREACH, false}, {unix.EHOSTUNREACH, false}, {unix.ENOPROTOOPT, true}, {unix.ECONNREFUSED, true},
	{unix.EMSGSIZE, false}, {unix.EOPNOTSUPP, false}, {unix.ENETUNREACH, true}, {unix.EHOSTDOWN, true},
	{unix.ENONET, true}, {unix.ENETUNREACH, true}, {unix.EHOSTUNREACH, true}, {unix.ENETUNREACH, false},
	{unix.EHOSTUNREACH, false}, {unix.EHOSTUNREACH, true}, {unix.EHOSTUNREACH, true}, {unix.EHOSTUNREACH, true},
}

// icmp6Errno is tab_unreach of net/ipv6/icmp.c: errors of ICMPV6_DEST_UNREACH by code.
var icmp6Errno = [...]struct {
	errno unix.Errno
	hard  bool
}{
	{unix.ENETUNREACH, false}, {unix.EACCES, true}, {unix.EHOSTUNREACH, false}, {unix.EHOSTUNREACH, false},
	{unix.ECONNREFUSED, true}, {unix.EACCES, true}, {unix.EACCES, true},
}

// parseICMP4 decodes an error message; pkt is as it came. False for any other message and for malformed ones.
func parseICMP4(pkt *stack.PacketBuffer) (e icmpError, ok bool) {
	h := pkt.TransportHeader().Slice()
	if len(h) < header.ICMPv4MinimumSize || checksum.Checksum(h, pkt.Data().Checksum()) != 0xffff {
		return e, false
	}
	m := header.ICMPv4(h)
	e = icmpError{family: unix.AF_INET, typ: uint8(m.Type()), code: uint8(m.Code())}
	switch m.Type() {
	case header.ICMPv4DstUnreachable:
		if int(e.code) >= len(icmpErrno) {
			return e, false
		}
		e.errno, e.hard = icmpErrno[e.code].errno, icmpErrno[e.code].hard
		if m.Code() == header.ICMPv4FragmentationNeeded {
			e.info = uint32(m.MTU())
		}
	case header.ICMPv4TimeExceeded:
		e.errno = unix.EHOSTUNREACH
	case header.ICMPv4ParamProblem:
		e.errno, e.hard, e.info = unix.EPROTO, true, uint32(h[4])<<24
	default:
		return e, false
	}
	e.offender = fromAddress(header.IPv4(pkt.NetworkHeader().Slice()).SourceAddress())
	p := pkt.Data().AsRange().ToSlice()
	if len(p) < header.IPv4MinimumSize {
		return e, false
	}
	ip := header.IPv4(p)
	if ip.HeaderLength() < header.IPv4MinimumSize || ip.FragmentOffset() != 0 {
		return e, false
	}
	ok = e.sent(p, int(ip.HeaderLength()), int(ip.Protocol()), ip.SourceAddress(), ip.DestinationAddress())
	return e, ok
}

// parseICMP6 is parseICMP4 for IPv6. Extension headers before the transport's are not looked into.
func parseICMP6(pkt *stack.PacketBuffer) (e icmpError, ok bool) {
	b := append(slices.Clone(pkt.TransportHeader().Slice()), pkt.Data().AsRange().ToSlice()...)
	if len(b) < header.ICMPv6MinimumSize+header.IPv6MinimumSize {
		return e, false
	}
	m, ip := header.ICMPv6(b), header.IPv6(pkt.NetworkHeader().Slice())
	e = icmpError{family: unix.AF_INET6, typ: uint8(m.Type()), code: uint8(m.Code())}
	switch m.Type() {
	case header.ICMPv6DstUnreachable:
		if int(e.code) >= len(icmp6Errno) {
			return e, false
		}
		e.errno, e.hard = icmp6Errno[e.code].errno, icmp6Errno[e.code].hard
	case header.ICMPv6PacketTooBig:
		e.errno, e.info = unix.EMSGSIZE, binary.BigEndian.Uint32(b[4:])
	case header.ICMPv6TimeExceeded:
		e.errno = unix.EHOSTUNREACH
	case header.ICMPv6ParamProblem:
		e.errno, e.hard, e.info = unix.EPROTO, true, binary.BigEndian.Uint32(b[4:])
	default:
		return e, false
	}
	sum := header.ICMPv6Checksum(header.ICMPv6ChecksumParams{Header: m, Src: ip.SourceAddress(), Dst: ip.DestinationAddress()})
	if sum != m.Checksum() {
		return e, false
	}
	e.offender = fromAddress(ip.SourceAddress())
	p := b[header.ICMPv6MinimumSize:]
	h := header.IPv6(p)
	ok = e.sent(p, header.IPv6MinimumSize, int(h.NextHeader()), h.SourceAddress(), h.DestinationAddress())
	return e, ok
}

// sent fills in what packet it is about. ICMP gives at least eight bytes of the transport header back.
func (e *icmpError) sent(p []byte, at, proto int, src, dst tcpip.Address) bool {
	if len(p) < at+8 {
		return false
	}
	e.proto, e.packet, e.data = proto, p, at
	from, to := binary.BigEndian.Uint16(p[at:]), binary.BigEndian.Uint16(p[at+2:])
	switch proto {
	case unix.IPPROTO_ICMP, unix.IPPROTO_ICMPV6:
		from, to = binary.BigEndian.Uint16(p[at+4:]), 0
	case unix.IPPROTO_UDP, unix.IPPROTO_TCP:
	default:
		from, to = 0, 0
	}
	e.src, e.dst = netip.AddrPortFrom(fromAddress(src), from), netip.AddrPortFrom(fromAddress(dst), to)
	return true
}
