// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"
	"slices"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// packetFlag is the switch behind an option of level SOL_PACKET, or nil.
func (p *packet) packetFlag(name int) *bool {
	switch name {
	case unix.PACKET_AUXDATA:
		return &p.auxdata
	case unix.PACKET_ORIGDEV:
		return &p.origdev
	case unix.PACKET_IGNORE_OUTGOING:
		return &p.ignoreTx
	}
	return nil
}

// Getsockopt implements engine.Socket.
func (p *packet) Getsockopt(_ engine.Call, level, name, max int) ([]byte, error) {
	if max < 0 {
		return nil, unix.EINVAL
	}
	if level == unix.SOL_SOCKET {
		v, err := p.GetSocket(name, max)
		return v[:min(len(v), max)], err
	}
	if level != unix.SOL_PACKET {
		return nil, unix.ENOPROTOOPT
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var v []byte
	switch flag := p.packetFlag(name); {
	case flag != nil:
		v = intValue(truth(*flag), level, max)
	case name == unix.PACKET_STATISTICS:
		if r := p.ring.Load(); r != nil {
			v = r.statistics(p.packets)
		} else {
			v = binary.NativeEndian.AppendUint32(nil, p.packets)
			v = binary.NativeEndian.AppendUint32(v, p.Dropped(true))
		}
		p.packets = 0
	case name == unix.PACKET_VERSION:
		v = intValue(int32(p.version), level, max)
	case name == unix.PACKET_RESERVE:
		v = intValue(int32(p.reserve), level, max)
	default:
		return nil, unix.ENOPROTOOPT
	}
	return v[:min(len(v), max)], nil
}

// Setsockopt implements engine.Socket. There are no rings to send from.
func (p *packet) Setsockopt(_ engine.Call, level, name int, value []byte) error {
	switch {
	case level == unix.SOL_SOCKET && name == unix.SO_ATTACH_FILTER:
		f, err := newFilter(value)
		if err != nil {
			return err
		}
		return p.setFilter(f)
	case level == unix.SOL_SOCKET && name == unix.SO_DETACH_FILTER:
		return p.setFilter(nil)
	case level == unix.SOL_SOCKET:
		return p.SetSocket(name, value)
	case level != unix.SOL_PACKET:
		return unix.ENOPROTOOPT
	case name == unix.PACKET_ADD_MEMBERSHIP, name == unix.PACKET_DROP_MEMBERSHIP:
		return p.member(name == unix.PACKET_ADD_MEMBERSHIP, value)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if name == unix.PACKET_RX_RING {
		return p.setRing(value)
	}
	v, err := int32Of(value)
	if err != nil {
		return err
	}
	if ok, err := p.setRingOption(name, v); ok {
		return err
	}
	flag := p.packetFlag(name)
	if flag == nil {
		return unix.ENOPROTOOPT
	}
	*flag = v != 0
	return nil
}

func (p *packet) setFilter(f *filter) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f == nil && p.filter == nil {
		return unix.ENOENT
	}
	p.filter = f
	return nil
}

// member is PACKET_ADD_MEMBERSHIP and PACKET_DROP_MEMBERSHIP: struct packet_mreq.
func (p *packet) member(add bool, b []byte) error {
	const sizeofPacketMreq = 16
	if len(b) < sizeofPacketMreq {
		return unix.EINVAL
	}
	m := packetMember{link: int(int32(binary.NativeEndian.Uint32(b))), typ: binary.NativeEndian.Uint16(b[4:])}
	p.mu.Lock()
	at := slices.Index(p.members, m)
	switch {
	case !add && at < 0:
		p.mu.Unlock()
		return unix.EADDRNOTAVAIL
	case !add:
		p.members = slices.Delete(p.members, at, at+1)
	default:
		if p.s.conf.Link(m.link) == nil {
			p.mu.Unlock()
			return unix.ENODEV
		}
		p.members = append(p.members, m)
	}
	p.mu.Unlock()
	p.s.applyMember(m, add)
	return nil
}

// applyMember makes an interface promiscuous. All multicast frames are received in
// any case.
func (s *Stack) applyMember(m packetMember, add bool) {
	if m.typ == unix.PACKET_MR_PROMISC {
		_ = s.conf.Promiscuous(m.link, add) // the link was there, and links stay
	}
}
