// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"runtime/debug"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/stack/gro"
)

// batch is how many frames are sent or received at once.
const batch = 64

// transmit moves packets from the queue to the wire until the queue is closed.
func (l *link) transmit() {
	defer l.done.Done()
	pkts := make([]*stack.PacketBuffer, batch)
	frames := make([][]byte, batch)
	store := make([]byte, 0, batch*(defaultMTU+header.EthernetMinimumSize))
	for {
		n := l.queue.pop(pkts)
		if n == 0 {
			return
		}
		store = store[:0]
		for i, pkt := range pkts[:n] {
			from := len(store)
			for _, s := range pkt.AsSlices() {
				store = append(store, s...)
			}
			frames[i] = store[from:len(store):len(store)]
		}
		l.sendAll(frames[:n])
		for i, pkt := range pkts[:n] {
			pkt.DecRef()
			pkts[i] = nil
		}
	}
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
	g := l.newGRO()
	for {
		n, err := l.wire.Recv(bufs, sizes)
		if !l.receiveAll(g, bufs[:n], sizes) {
			g = l.newGRO()
		}
		if err != nil {
			l.lost()
			return
		}
	}
}

func (l *link) newGRO() *gro.GRO {
	g := &gro.GRO{}
	g.Init(true)
	g.Dispatcher = (*delivery)(l)
	return g
}

// receiveAll takes frames in. If one of them makes the stack panic the rest is dropped: no packet that anybody
// sends is to take the view down.
func (l *link) receiveAll(g *gro.GRO, bufs [][]byte, sizes []int) (ok bool) {
	defer func() {
		if r := recover(); r != nil {
			l.stats.rxDropped.Add(1)
			l.logf("a packet received on interface %d made the network stack panic: %v\n%s", l.index, r, debug.Stack())
		}
	}()
	for i, b := range bufs {
		l.receiveFrame(g, b[:sizes[i]])
	}
	g.Flush()
	return true
}

// receiveFrame shows a frame to the packet sockets and, if it is for this
// interface, hands it to the stack.
func (l *link) receiveFrame(g *gro.GRO, b []byte) {
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
	pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{
		Payload: buffer.MakeWithView(buffer.NewViewWithData(b)),
	})
	pkt.PktType = typ
	pkt.NetworkProtocolNumber = tcpip.NetworkProtocolNumber(proto)
	if l.ParseHeader(pkt) {
		g.Enqueue(pkt)
	}
	pkt.DecRef()
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

// delivery hands packets to the stack behind generic receive offload.
type delivery link

// DeliverNetworkPacket implements stack.NetworkDispatcher.
func (d *delivery) DeliverNetworkPacket(p tcpip.NetworkProtocolNumber, pkt *stack.PacketBuffer) {
	if disp := d.disp.Load(); disp != nil {
		d.valid.Store(pkt.RXChecksumValidated)
		(*disp).DeliverNetworkPacket(p, pkt)
	}
}

// DeliverLinkPacket implements stack.NetworkDispatcher; packet sockets have seen
// the packet by now.
func (*delivery) DeliverLinkPacket(tcpip.NetworkProtocolNumber, *stack.PacketBuffer) {}
