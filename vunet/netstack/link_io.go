// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"runtime/debug"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// batch is how many frames are sent or received at once.
const batch = 64

// transmit moves packets from the queue to the wire until the queue is closed.
func (l *link) transmit() {
	defer l.done.Done()
	pkts := make([]*stack.PacketBuffer, batch)
	o := newOutbox(l)
	for {
		n := l.queue.pop(pkts)
		if n == 0 {
			return
		}
		for _, pkt := range pkts[:n] {
			o.put(pkt)
		}
		o.send()
		for i, pkt := range pkts[:n] {
			pkt.DecRef()
			pkts[i] = nil
		}
	}
}

// outbox collects frames that are sent at once.
type outbox struct {
	l      *link
	frames [][]byte
	store  []byte // what they are in
}

func newOutbox(l *link) *outbox {
	return &outbox{
		l:      l,
		frames: make([][]byte, 0, batch),
		store:  make([]byte, 0, batch*(defaultMTU+header.EthernetMinimumSize)),
	}
}

// put adds the frames of a packet.
func (o *outbox) put(pkt *stack.PacketBuffer) {
	c := newCutter(pkt)
	for n := c.next(); n > 0; n = c.next() {
		at := len(o.store)
		if at+n > cap(o.store) || len(o.frames) == batch {
			o.send()
			at = 0
		}
		o.store = o.store[:at+n]
		f := o.store[at : at+n : at+n]
		c.make(f)
		o.frames = append(o.frames, f)
	}
}

// send sends what there is.
func (o *outbox) send() {
	o.l.sendAll(o.frames)
	o.frames, o.store = o.frames[:0], o.store[:0]
}

// sendAll sends frames; one that the wire refuses is counted and left out.
func (l *link) sendAll(frames [][]byte) {
	for len(frames) > 0 {
		n, err := l.wire.Send(frames)
		for _, f := range frames[:n] {
			l.stats.txPackets.Add(1)
			l.stats.txBytes.Add(uint64(len(f)))
		}
		frames = frames[n:]
		if err != nil && len(frames) > 0 {
			l.stats.txErrors.Add(1)
			frames = frames[1:]
		}
	}
}

// receive moves frames from the wire to the stack until the wire is gone.
func (l *link) receive() {
	defer l.done.Done()
	bufs := make([][]byte, batch)
	sizes := make([]int, batch)
	for i := range bufs {
		bufs[i] = make([]byte, l.wire.MaxFrame())
	}
	j := l.newJoiner()
	for {
		n, err := l.wire.Recv(bufs, sizes)
		if !l.receiveAll(j, bufs[:n], sizes) {
			j = l.newJoiner()
		}
		if err != nil {
			l.lost()
			return
		}
	}
}

func (l *link) newJoiner() *joiner { return &joiner{deliver: l.deliver} }

// receiveAll takes frames in. If one of them makes the stack panic the rest is dropped: no packet that anybody
// sends is to take the view down.
func (l *link) receiveAll(j *joiner, bufs [][]byte, sizes []int) (ok bool) {
	defer func() {
		if r := recover(); r != nil {
			l.stats.rxDropped.Add(1)
			l.logf("a packet received on interface %d made the network stack panic: %v\n%s", l.index, r, debug.Stack())
		}
	}()
	for i, b := range bufs {
		l.receiveFrame(j, b[:sizes[i]])
	}
	j.flush()
	return true
}

// receiveFrame shows a frame to the packet sockets and, if it is for this
// interface, hands it to the stack.
func (l *link) receiveFrame(j *joiner, b []byte) {
	if len(b) < header.EthernetMinimumSize {
		l.stats.rxLength.Add(1)
		return
	}
	if !l.up.Load() {
		l.stats.rxDropped.Add(1)
		return
	}
	if len(b) > int(l.mtu.Load())+header.EthernetMinimumSize+vlanTagLen {
		l.stats.rxLength.Add(1)
		return
	}
	l.stats.rxPackets.Add(1)
	l.stats.rxBytes.Add(uint64(len(b)))
	eth := header.Ethernet(b)
	typ := l.classify(eth.DestinationAddress())
	if typ == tcpip.PacketMulticast {
		l.stats.multicast.Add(1)
	}
	if typ == tcpip.PacketOtherHost && !l.promisc.Load() {
		return
	}
	proto := uint16(eth.Type())
	if proto < minEtherType {
		proto = unix.ETH_P_802_2
	}
	if l.taps.active() {
		l.taps.deliver(&frame{
			link: l.index, proto: proto, pktType: packetTypes[typ], hatype: unix.ARPHRD_ETHER,
			source: b[6:12], data: b, header: header.EthernetMinimumSize,
		}, nil)
	}
	if typ == tcpip.PacketOtherHost || !knownProto(proto) {
		return
	}
	if typ != tcpip.PacketHost || l.forwards(proto) {
		l.deliver(b, nil, false)
		return
	}
	j.add(b, proto)
}

const (
	vlanTagLen   = 4
	minEtherType = 0x600 // less is a length (IEEE 802.3)
)

// packetTypes are the kernel's numbers of gVisor's packet types.
var packetTypes = [...]uint8{
	tcpip.PacketHost:      unix.PACKET_HOST,
	tcpip.PacketOtherHost: unix.PACKET_OTHERHOST,
	tcpip.PacketOutgoing:  unix.PACKET_OUTGOING,
	tcpip.PacketBroadcast: unix.PACKET_BROADCAST,
	tcpip.PacketMulticast: unix.PACKET_MULTICAST,
}

func (l *link) classify(dst tcpip.LinkAddress) tcpip.PacketType {
	switch {
	case dst == header.EthernetBroadcastAddress:
		return tcpip.PacketBroadcast
	case header.IsMulticastEthernetAddress(dst):
		return tcpip.PacketMulticast
	case dst == l.LinkAddress():
		return tcpip.PacketHost
	}
	return tcpip.PacketOtherHost
}

func knownProto(p uint16) bool {
	return p == unix.ETH_P_IP || p == unix.ETH_P_IPV6 || p == unix.ETH_P_ARP
}

// deliver hands a packet to the stack: head and data are one frame. valid tells that its checksums were verified. Much data is not to
// be in head: to give out a header gVisor may copy all memory that it is in.
func (l *link) deliver(head []byte, data [][]byte, valid bool) {
	disp := l.disp.Load()
	if disp == nil {
		return
	}
	payload := buffer.MakeWithData(head)
	size := 0
	for _, b := range data {
		size += len(b)
	}
	if size > 0 {
		v := buffer.NewView(size)
		for _, b := range data {
			_, _ = v.Write(b) // it has room
		}
		_ = payload.Append(v) // it cannot fail
	}
	pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: payload})
	defer pkt.DecRef()
	eth := header.Ethernet(head)
	pkt.PktType = l.classify(eth.DestinationAddress())
	pkt.NetworkProtocolNumber = eth.Type()
	if l.ParseHeader(pkt) {
		l.valid.Store(valid)
		(*disp).DeliverNetworkPacket(pkt.NetworkProtocolNumber, pkt)
	}
}
