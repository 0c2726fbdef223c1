// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"vuos.dev/engine"
	"vuos.dev/vunet/netconf"
)

// Send implements engine.Socket: SOCK_RAW sends a frame as it is, SOCK_DGRAM gets its
// header from the address.
func (p *packet) Send(_ engine.Call, m *engine.Message, flags int) (int, error) {
	if flags&unix.MSG_OOB != 0 {
		return 0, unix.EOPNOTSUPP
	}
	p.mu.Lock()
	index, proto := p.link, p.proto
	p.mu.Unlock()
	var dst []byte
	if len(m.Addr) > 0 {
		b := m.Addr
		if len(b) < sizeofLinkLayer || binary.NativeEndian.Uint16(b) != unix.AF_PACKET {
			return 0, unix.EINVAL
		}
		index, proto = int(int32(binary.NativeEndian.Uint32(b[4:]))), binary.BigEndian.Uint16(b[2:])
		dst = b[12:min(12+int(b[11]), len(b))]
	}
	l := p.s.conf.Link(index)
	switch {
	case l == nil:
		return 0, unix.ENXIO
	case !l.Up():
		return 0, unix.ENETDOWN
	}
	data := m.Data
	if p.Type == unix.SOCK_DGRAM {
		data = withHeader(data, dst, l.Addr, proto)
	}
	if len(data) < header.EthernetMinimumSize {
		return 0, unix.EINVAL
	}
	if len(data) > maxSent(l, data) {
		return 0, unix.EMSGSIZE
	}
	release, err := p.charge(len(data))
	if err != nil {
		return 0, err
	}
	if err := p.s.transmit(index, data, p, release); err != nil {
		return 0, err
	}
	return len(m.Data), nil
}

// maxSent is how long a frame may be: only one with a VLAN tag has room for it (net/packet/af_packet.c:packet_snd()).
func maxSent(l *netconf.Link, frame []byte) int {
	n := int(l.MTU) + header.EthernetMinimumSize
	if binary.BigEndian.Uint16(frame[12:]) == unix.ETH_P_8021Q {
		n += vlanTagLen
	}
	return n
}

// withHeader puts an Ethernet header before a payload.
func withHeader(data, dst, src []byte, proto uint16) []byte {
	b := make([]byte, header.EthernetMinimumSize, header.EthernetMinimumSize+len(data))
	copy(b[:6], dst)
	copy(b[6:12], src)
	binary.BigEndian.PutUint16(b[12:], proto)
	return append(b, data...)
}

// transmit sends a whole frame on a link, on behalf of sender; release is called when it has left, or was dropped.
func (s *Stack) transmit(index int, data []byte, sender tap, release func()) error {
	pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{
		Payload:   buffer.MakeWithView(buffer.NewViewWithData(data)),
		OnRelease: release,
	})
	defer pkt.DecRef()
	proto := binary.BigEndian.Uint16(data[12:])
	pkt.NetworkProtocolNumber = tcpip.NetworkProtocolNumber(proto)
	pkt.LinkHeader().Consume(header.EthernetMinimumSize)
	if l := s.links[index]; l != nil {
		return errno(l.send(pkt, sender))
	}
	return errno(s.loop.inject(pkt))
}

// inject loops a frame that a packet socket sent, without its header.
func (l *loop) inject(pkt *stack.PacketBuffer) tcpip.Error {
	in := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: pkt.Data().ToBuffer()})
	in.NetworkProtocolNumber = pkt.NetworkProtocolNumber
	defer in.DecRef()
	var list stack.PacketBufferList
	list.PushBack(in)
	_, err := l.WritePackets(list)
	return err
}
