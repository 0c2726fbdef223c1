// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"encoding/binary"
	"net"
	"time"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"vuos.dev/vunet/netstack"
)

// conn is a net.PacketConn that sends and receives UDP datagrams of the DHCP ports
// in frames of its own, because the interface has no address yet.
type conn struct {
	frames *netstack.FrameSocket
	mac    net.HardwareAddr
}

func newConn(f *netstack.FrameSocket, mac net.HardwareAddr) *conn { return &conn{f, mac} }

const (
	serverPort = 67
	clientPort = 68
	ttl        = 64
	headers    = header.EthernetMinimumSize + header.IPv4MinimumSize + header.UDPMinimumSize
)

// ReadFrom implements net.PacketConn: it waits for the next datagram to the client's
// port.
func (c *conn) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		f, err := c.frames.Recv()
		if err != nil {
			return 0, nil, err
		}
		if data, from, ok := datagram(f); ok {
			return copy(p, data), from, nil
		}
	}
}

// datagram takes a UDP datagram to the client's port out of a frame.
func datagram(f []byte) (data []byte, from *net.UDPAddr, ok bool) {
	if len(f) < headers {
		return nil, nil, false
	}
	ip := header.IPv4(f[header.EthernetMinimumSize:])
	if !ip.IsValid(len(ip)) || ip.Protocol() != unix.IPPROTO_UDP || ip.More() || ip.FragmentOffset() != 0 {
		return nil, nil, false
	}
	u := header.UDP(ip[ip.HeaderLength():ip.TotalLength()])
	if len(u) < header.UDPMinimumSize || u.DestinationPort() != clientPort ||
		int(u.Length()) > len(u) || u.Length() < header.UDPMinimumSize {
		return nil, nil, false
	}
	src := ip.SourceAddress().As4()
	return u[header.UDPMinimumSize:u.Length()], &net.UDPAddr{IP: src[:], Port: int(u.SourcePort())}, true
}

// WriteTo implements net.PacketConn: the datagram is broadcast.
func (c *conn) WriteTo(p []byte, _ net.Addr) (int, error) {
	f := make([]byte, headers, headers+len(p))
	for i := range 6 {
		f[i] = 0xff
	}
	copy(f[6:], c.mac)
	binary.BigEndian.PutUint16(f[12:], unix.ETH_P_IP)
	f = append(f, p...)
	ip := header.IPv4(f[header.EthernetMinimumSize:])
	ip.Encode(&header.IPv4Fields{
		TotalLength: uint16(len(ip)), TTL: ttl, Protocol: unix.IPPROTO_UDP,
		SrcAddr: header.IPv4Any, DstAddr: header.IPv4Broadcast,
	})
	ip.SetChecksum(^ip.CalculateChecksum())
	u := header.UDP(ip[header.IPv4MinimumSize:])
	u.Encode(&header.UDPFields{SrcPort: clientPort, DstPort: serverPort, Length: uint16(len(u))})
	sum := header.PseudoHeaderChecksum(tcpip.TransportProtocolNumber(unix.IPPROTO_UDP), header.IPv4Any, header.IPv4Broadcast, uint16(len(u)))
	u.SetChecksum(^u.CalculateChecksum(checksum.Checksum(p, sum)))
	if err := c.frames.Send(f); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close implements net.PacketConn.
func (c *conn) Close() error { c.frames.Close(); return nil }

// LocalAddr implements net.PacketConn.
func (*conn) LocalAddr() net.Addr { return &net.UDPAddr{IP: net.IPv4zero, Port: clientPort} }

// SetDeadline implements net.PacketConn; the client closes the conn to end a read.
func (*conn) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.PacketConn.
func (*conn) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.PacketConn.
func (*conn) SetWriteDeadline(time.Time) error { return nil }
