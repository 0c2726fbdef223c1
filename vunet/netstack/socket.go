// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"

	"vuos.dev/engine"
	"vuos.dev/vunet/diag"
)

// record is an open socket in the books of its stack.
type record interface {
	abort()
	info() diag.Socket
}

// Socket implements engine.Stack.
func (s *Stack) Socket(c engine.Call, domain, typ, protocol int) (engine.Socket, error) {
	typ &= 0xf
	switch domain {
	case unix.AF_INET, unix.AF_INET6:
		return s.inetSocket(c, domain, typ, protocol)
	case unix.AF_PACKET:
		if typ != unix.SOCK_RAW && typ != unix.SOCK_DGRAM {
			return nil, unix.ESOCKTNOSUPPORT
		}
		if !s.capable(c, unix.CAP_NET_RAW) {
			return nil, unix.EPERM
		}
		return s.newPacket(c, typ, uint16(protocol)), nil
	case unix.AF_NETLINK:
		return s.netlinkSocket(c, typ, protocol)
	}
	return nil, unix.EAFNOSUPPORT
}

// transports are the protocols of inet sockets that are not raw, by type.
func transport(domain, typ, protocol int) (tcpip.TransportProtocolNumber, int, error) {
	switch typ {
	case unix.SOCK_STREAM:
		if protocol == 0 || protocol == unix.IPPROTO_TCP {
			return tcp.ProtocolNumber, unix.IPPROTO_TCP, nil
		}
	case unix.SOCK_DGRAM:
		switch {
		case protocol == 0, protocol == unix.IPPROTO_UDP:
			return udp.ProtocolNumber, unix.IPPROTO_UDP, nil
		case protocol == unix.IPPROTO_ICMP && domain == unix.AF_INET:
			return icmp.ProtocolNumber4, protocol, nil
		case protocol == unix.IPPROTO_ICMPV6 && domain == unix.AF_INET6:
			return icmp.ProtocolNumber6, protocol, nil
		}
	default:
		return 0, 0, unix.ESOCKTNOSUPPORT
	}
	return 0, 0, unix.EPROTONOSUPPORT
}

func (s *Stack) inetSocket(c engine.Call, domain, typ, protocol int) (engine.Socket, error) {
	if protocol < 0 || protocol > 0xff {
		return nil, unix.EINVAL
	}
	net := netProto(uint8(domain))
	wq := new(waiter.Queue)
	if typ == unix.SOCK_RAW {
		return s.rawSocket(c, domain, protocol, wq)
	}
	trans, protocol, err := transport(domain, typ, protocol)
	if err != nil {
		return nil, err
	}
	ep, terr := s.ip.NewEndpoint(trans, net, wq)
	if terr != nil {
		return nil, errno(terr)
	}
	return s.newInet(c, ep, wq, domain, typ, protocol), nil
}

func (s *Stack) rawSocket(c engine.Call, domain, protocol int, wq *waiter.Queue) (engine.Socket, error) {
	if !s.capable(c, unix.CAP_NET_RAW) {
		return nil, unix.EPERM
	}
	if protocol == 0 {
		return nil, unix.EPROTONOSUPPORT
	}
	// IPPROTO_RAW sends only. Protocols that gVisor has no transport for
	// cannot be received, but sent.
	known := protocol == unix.IPPROTO_TCP || protocol == unix.IPPROTO_UDP ||
		protocol == unix.IPPROTO_ICMP && domain == unix.AF_INET ||
		protocol == unix.IPPROTO_ICMPV6 && domain == unix.AF_INET6
	ep, err := s.ip.NewRawEndpoint(tcpip.TransportProtocolNumber(protocol), netProto(uint8(domain)), wq, known)
	if err != nil {
		return nil, errno(err)
	}
	if protocol == unix.IPPROTO_RAW {
		ep.SocketOptions().SetHeaderIncluded(true)
	}
	return s.newInet(c, ep, wq, domain, unix.SOCK_RAW, protocol), nil
}

// enter puts a socket into the books.
func (s *Stack) enter(ino uint64, r record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sockets[ino] = r
}

func (s *Stack) leave(ino uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sockets, ino)
}

func (s *Stack) records() []record {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]record, 0, len(s.sockets))
	for _, r := range s.sockets {
		out = append(out, r)
	}
	return out
}

// owner tells gVisor whose packets a socket's are.
type owner struct{ uid, gid uint32 }

// KUID implements tcpip.PacketOwner.
func (o owner) KUID() uint32 { return o.uid }

// KGID implements tcpip.PacketOwner.
func (o owner) KGID() uint32 { return o.gid }
