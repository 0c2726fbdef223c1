// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vunet/diag"
	"vuos.dev/vunet/internal/sockcore"
)

// packet is a socket of AF_PACKET (packet(7)).
type packet struct {
	sockcore.Core
	s *Stack

	mu       sync.Mutex
	proto    uint16 // EtherType, host order; 0: receives nothing
	link     int    // bound to it; 0: all
	filter   *filter
	auxdata  bool
	origdev  bool
	ignoreTx bool // PACKET_IGNORE_OUTGOING
	members  []packetMember
	packets  uint32 // for PACKET_STATISTICS

	unsent  atomic.Int64         // what was sent and is not on the wire yet, as it is charged
	ring    atomic.Pointer[ring] // where packets go instead of the queue
	version int                  // TPACKET_*, of a ring to come
	reserve int                  // PACKET_RESERVE
	mapped  bool                 // a guest has mapped the ring
}

// packetMember is a PACKET_ADD_MEMBERSHIP that is in force.
type packetMember struct {
	link int
	typ  uint16
}

func (s *Stack) newPacket(c engine.Call, typ int, proto uint16) *packet {
	p := &packet{s: s, proto: proto<<8 | proto>>8}
	p.Init(unix.AF_PACKET, typ, int(proto), inodes.Add(1), c.Cred().FSUID)
	s.enter(p.Ino, p)
	s.taps.add(p)
	return p
}

// Release implements engine.File.
func (p *packet) Release(engine.Call) {
	p.s.taps.remove(p)
	p.s.leave(p.Ino)
	p.mu.Lock()
	members := p.members
	p.members = nil
	p.dropRing()
	p.mu.Unlock()
	for _, m := range members {
		p.s.applyMember(m, false)
	}
	p.Close()
}

func (p *packet) abort() { p.Fail(unix.ENETDOWN) }

func (p *packet) info() diag.Socket {
	p.mu.Lock()
	defer p.mu.Unlock()
	return diag.Socket{
		Family: unix.AF_PACKET, Type: uint8(p.Type), State: diag.Close, Inode: p.Inode(), UID: p.UID,
		Link: p.link, PacketType: p.proto, RecvQueue: uint32(p.Queued()), SendQueue: uint32(p.unsent.Load()),
		RecvBuffer: uint32(p.Int(unix.SO_RCVBUF)), SendBuffer: uint32(p.Int(unix.SO_SNDBUF)),
	}
}

// wants tells whether a frame is for the socket, and with which filter.
func (p *packet) wants(f *frame) (*filter, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	outgoing := f.pktType == unix.PACKET_OUTGOING
	switch {
	case p.proto == 0 || p.link != 0 && p.link != f.link:
		return nil, false
	case p.proto == unix.ETH_P_ALL:
		return p.filter, !(outgoing && p.ignoreTx)
	}
	return p.filter, p.proto == f.proto && !outgoing
}

// tapFrame implements tap.
func (p *packet) tapFrame(f *frame) {
	flt, ok := p.wants(f)
	if !ok {
		return
	}
	data := f.data
	if p.Type == unix.SOCK_DGRAM {
		data = data[f.header:]
	}
	keep := len(data)
	if flt != nil {
		keep = min(flt.runMeta(data, meta{proto: f.proto, pktType: f.pktType, link: f.link, hatype: f.hatype}), keep)
		if keep == 0 {
			return
		}
	}
	p.mu.Lock()
	p.packets++
	aux, now := p.auxdata, time.Now()
	p.mu.Unlock()
	full, net := len(data), 0
	if p.Type == unix.SOCK_RAW {
		net = f.header
	}
	if r := p.ring.Load(); r != nil {
		if r.put(&frameInfo{data: data[:keep], full: full, net: net, addr: linkSockaddr(f), now: now}) {
			p.Wake()
		}
		return
	}
	pkt := sockcore.Packet{Data: slices.Clone(data[:keep]), Addr: linkSockaddr(f), Stamp: now}
	proto := f.proto
	pkt.Control = func() []byte {
		b := p.stamps().appendStamp(nil, now)
		if aux {
			b = appendCmsg(b, unix.SOL_PACKET, unix.PACKET_AUXDATA, auxdata(full, keep, net, proto))
		}
		return b
	}
	p.Push(pkt)
}

func (p *packet) stamps() stampMode {
	return stampMode{
		micro: p.Int(unix.SO_TIMESTAMP_OLD) != 0 || p.Int(unix.SO_TIMESTAMP_NEW) != 0,
		nano:  p.Int(unix.SO_TIMESTAMPNS_OLD) != 0 || p.Int(unix.SO_TIMESTAMPNS_NEW) != 0,
		new:   p.Int(unix.SO_TIMESTAMP_NEW) != 0 || p.Int(unix.SO_TIMESTAMPNS_NEW) != 0,
	}
}

// auxdata is struct tpacket_auxdata.
func auxdata(full, kept, net int, _ uint16) []byte {
	const tpStatusUser = 1
	b := make([]byte, 20)
	binary.NativeEndian.PutUint32(b, tpStatusUser)
	binary.NativeEndian.PutUint32(b[4:], uint32(full))
	binary.NativeEndian.PutUint32(b[8:], uint32(kept))
	binary.NativeEndian.PutUint16(b[14:], uint16(net))
	return b
}

// linkSockaddr is struct sockaddr_ll of a frame received.
func linkSockaddr(f *frame) []byte {
	b := make([]byte, sizeofLinkLayer)
	binary.NativeEndian.PutUint16(b, unix.AF_PACKET)
	binary.BigEndian.PutUint16(b[2:], f.proto)
	binary.NativeEndian.PutUint32(b[4:], uint32(f.link))
	binary.NativeEndian.PutUint16(b[8:], f.hatype)
	b[10], b[11] = f.pktType, uint8(len(f.source))
	copy(b[12:], f.source)
	return b
}

// Bind implements engine.Socket.
func (p *packet) Bind(_ engine.Call, b []byte) error {
	if len(b) < sizeofLinkLayer {
		return unix.EINVAL
	}
	if binary.NativeEndian.Uint16(b) != unix.AF_PACKET {
		return unix.EINVAL
	}
	index := int(int32(binary.NativeEndian.Uint32(b[4:])))
	if index != 0 && p.s.conf.Link(index) == nil {
		return unix.ENODEV
	}
	p.mu.Lock()
	if proto := binary.BigEndian.Uint16(b[2:]); proto != 0 {
		p.proto = proto
	}
	p.link = index
	p.mu.Unlock()
	if l := p.s.conf.Link(index); l != nil && !l.Up() {
		p.Fail(unix.ENETDOWN)
	}
	return nil
}

// Connect implements engine.Socket.
func (*packet) Connect(engine.Call, []byte) error { return unix.EOPNOTSUPP }

// Peername implements engine.Socket.
func (*packet) Peername(engine.Call) ([]byte, error) { return nil, unix.EOPNOTSUPP }

// Sockname implements engine.Socket.
func (p *packet) Sockname(engine.Call) ([]byte, error) {
	p.mu.Lock()
	f := frame{link: p.link, proto: p.proto}
	p.mu.Unlock()
	if l := p.s.conf.Link(f.link); l != nil {
		f.hatype, f.source = l.Type, l.Addr
	}
	return linkSockaddr(&f), nil
}

// Ioctl implements engine.Socket.
func (p *packet) Ioctl(c engine.Call, m engine.Memory, cmd uint32, arg uint64) (int, error) {
	if done, err := p.s.ioctl(c, m, unix.AF_PACKET, cmd, arg); done {
		return 0, err
	}
	n := 0
	switch cmd {
	case unix.TIOCINQ:
		n = p.Pending()
	case unix.TIOCOUTQ:
		n = int(p.unsent.Load())
	default:
		return 0, unix.ENOTTY
	}
	_, err := m.WriteAt(binary.NativeEndian.AppendUint32(nil, uint32(n)), arg)
	return 0, err
}
