// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// icmpWatch is a network protocol of gVisor's whose packets are looked at before they go to the transports. gVisor
// tells its sockets of unreachable ports only, and not who said so; the kernel's hear of every error
// (MSG_ERRQUEUE, ip(7)), which is what traceroute lives on.
type icmpWatch struct {
	stack.NetworkProtocol
	s *Stack
}

func (s *Stack) watched(f stack.NetworkProtocolFactory) stack.NetworkProtocolFactory {
	return func(ip *stack.Stack) stack.NetworkProtocol { return &icmpWatch{f(ip), s} }
}

// NewEndpoint implements stack.NetworkProtocol.
func (w *icmpWatch) NewEndpoint(nic stack.NetworkInterface, d stack.TransportDispatcher) stack.NetworkEndpoint {
	if full, ok := d.(stack.TransportDispatcherWithDefaultHandlerResult); ok {
		d = &icmpDispatcher{full, w.s}
	}
	return w.NetworkProtocol.NewEndpoint(seenBy(w.NetworkProtocol, nic), d)
}

type icmpDispatcher struct {
	stack.TransportDispatcherWithDefaultHandlerResult
	s *Stack
}

// DeliverRawPacket implements stack.TransportDispatcher. It is called first with every packet.
func (d *icmpDispatcher) DeliverRawPacket(p tcpip.TransportProtocolNumber, pkt *stack.PacketBuffer) {
	var e icmpError
	ok := false
	switch p {
	case header.ICMPv4ProtocolNumber:
		e, ok = parseICMP4(pkt)
	case header.ICMPv6ProtocolNumber:
		e, ok = parseICMP6(pkt)
	}
	if ok {
		for _, r := range d.s.records() {
			if x, is := r.(*inet); is && x.sent(&e) {
				x.hear(&e)
			}
		}
	}
	d.TransportDispatcherWithDefaultHandlerResult.DeliverRawPacket(p, pkt)
	d.pass(p, pkt)
}

// pass mends what gVisor does wrong with packets that it forwards: it sends an IPv4 packet on whose time to live ends
// here, unless that is 0 already, and makes all checksums anew, where it panics at ICMP messages other than echoes
// (stack.PacketBuffer.GetHeaders) unless it does not know them as such. One that ends here it has to know: no error answers
// an error.
func (d *icmpDispatcher) pass(p tcpip.TransportProtocolNumber, pkt *stack.PacketBuffer) {
	net, echo := pkt.NetworkHeader().Slice(), true
	var dst tcpip.Address
	var ttl uint8
	switch pkt.NetworkProtocolNumber {
	case header.IPv4ProtocolNumber:
		dst, ttl = header.IPv4(net).DestinationAddress(), header.IPv4(net).TTL()
		if t := pkt.TransportHeader().Slice(); p == header.ICMPv4ProtocolNumber && len(t) > 0 {
			echo = header.ICMPv4Type(t[0]) == header.ICMPv4Echo || header.ICMPv4Type(t[0]) == header.ICMPv4EchoReply
		}
	case header.IPv6ProtocolNumber:
		dst, ttl = header.IPv6(net).DestinationAddress(), header.IPv6(net).HopLimit()
		if t := pkt.TransportHeader().Slice(); p == header.ICMPv6ProtocolNumber && len(t) > 0 {
			echo = header.ICMPv6Type(t[0]) == header.ICMPv6EchoRequest || header.ICMPv6Type(t[0]) == header.ICMPv6EchoReply
		}
	}
	ends := ttl == 1 && pkt.NetworkProtocolNumber == header.IPv4ProtocolNumber
	if !ends && (echo || ttl <= 1) || d.s.own(pkt.NetworkProtocolNumber, dst) {
		return
	}
	if ends {
		header.IPv4(net).SetTTL(0)
		return
	}
	pkt.TransportProtocolNumber = 0
}

// own tells whether packets to an address end here.
func (s *Stack) own(p tcpip.NetworkProtocolNumber, dst tcpip.Address) bool {
	return header.IsV4MulticastAddress(dst) || header.IsV6MulticastAddress(dst) || dst == header.IPv4Broadcast ||
		s.ip.CheckLocalAddress(0, p, dst) != 0
}

// sent tells whether the packet that an error is about may be the socket's. TCP takes care of its own.
func (x *inet) sent(e *icmpError) bool {
	if x.protocol != e.proto || x.stream() {
		return false
	}
	local, err := x.ep().GetLocalAddress()
	if err != nil {
		return false
	}
	if ip := fromAddress(local.Addr); ip.IsValid() && !ip.IsUnspecified() && ip.Unmap() != e.src.Addr() {
		return false
	}
	to, err := x.ep().GetRemoteAddress()
	connected := err == nil
	if connected && fromAddress(to.Addr).Unmap() != e.dst.Addr() {
		return false
	}
	if x.typ == unix.SOCK_RAW {
		return true
	}
	udp := x.protocol == unix.IPPROTO_UDP
	return local.Port == e.src.Port() && (!udp || !connected || to.Port == e.dst.Port())
}
