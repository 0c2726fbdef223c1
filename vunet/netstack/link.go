// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// link is an Ethernet interface on a Wire: gVisor's link endpoint and queueing
// discipline in one.
type link struct {
	index int
	wire  Wire
	taps  *taps
	queue *queue
	stats counters
	logf  func(format string, a ...any)
	lost  func() // called once when the wire is gone for good

	mtu     atomic.Uint32
	addr    atomic.Pointer[tcpip.LinkAddress]
	disp    atomic.Pointer[stack.NetworkDispatcher]
	up      atomic.Bool
	promisc atomic.Bool
	valid   atomic.Bool // the checksum of the packet being delivered was verified

	forward4, forward6 atomic.Bool // what comes in may have to go on

	start sync.Once
	done  sync.WaitGroup
}

var (
	_ stack.LinkEndpoint       = (*link)(nil)
	_ stack.QueueingDiscipline = (*link)(nil)
	_ stack.GSOEndpoint        = (*link)(nil)
)

func newLink(index int, w Wire, mac tcpip.LinkAddress, mtu uint32, t *taps, logf func(string, ...any), lost func()) *link {
	l := &link{index: index, wire: w, taps: t, queue: newQueue(defaultQueueLen), logf: logf, lost: lost}
	l.mtu.Store(mtu)
	l.addr.Store(&mac)
	return l
}

// MTU implements stack.LinkEndpoint.
func (l *link) MTU() uint32 { return l.mtu.Load() }

// SetMTU implements stack.LinkEndpoint.
func (l *link) SetMTU(mtu uint32) { l.mtu.Store(mtu) }

// MaxHeaderLength implements stack.LinkEndpoint.
func (*link) MaxHeaderLength() uint16 { return header.EthernetMinimumSize }

// LinkAddress implements stack.LinkEndpoint.
func (l *link) LinkAddress() tcpip.LinkAddress { return *l.addr.Load() }

// SetLinkAddress implements stack.LinkEndpoint.
func (l *link) SetLinkAddress(a tcpip.LinkAddress) { l.addr.Store(&a) }

// Capabilities implements stack.LinkEndpoint. The stack asks for the receive
// checksum capability anew with each packet it is given, in the goroutine that gives it;
// so it can be told packet by packet.
func (l *link) Capabilities() stack.LinkEndpointCapabilities {
	c := stack.CapabilityResolutionRequired
	if l.valid.Load() {
		c |= stack.CapabilityRXChecksumOffload
	}
	return c
}

// GSOMaxSize implements stack.GSOEndpoint.
func (*link) GSOMaxSize() uint32 { return maxJoined }

// SupportedGSO implements stack.GSOEndpoint: to the stack the link is a card that cuts segments and makes checksums.
func (*link) SupportedGSO() stack.SupportedGSO { return stack.HostGSOSupported }

// ARPHardwareType implements stack.LinkEndpoint.
func (*link) ARPHardwareType() header.ARPHardwareType { return header.ARPHardwareEther }

// Attach implements stack.LinkEndpoint. It starts the goroutines.
func (l *link) Attach(d stack.NetworkDispatcher) {
	if d == nil {
		l.disp.Store(nil)
		return
	}
	l.disp.Store(&d)
	l.start.Do(func() {
		l.done.Add(2)
		go l.transmit()
		go l.receive()
	})
}

// IsAttached implements stack.LinkEndpoint.
func (l *link) IsAttached() bool { return l.disp.Load() != nil }

// Wait implements stack.LinkEndpoint.
func (l *link) Wait() { l.done.Wait() }

// forwards tells whether packets of a protocol that come in may have to go on as they are.
func (l *link) forwards(proto uint16) bool {
	if proto == unix.ETH_P_IPV6 {
		return l.forward6.Load()
	}
	return l.forward4.Load()
}

// AddHeader implements stack.LinkEndpoint.
func (l *link) AddHeader(pkt *stack.PacketBuffer) {
	src := pkt.EgressRoute.LocalLinkAddress
	if len(src) == 0 {
		src = l.LinkAddress()
	}
	header.Ethernet(pkt.LinkHeader().Push(header.EthernetMinimumSize)).Encode(&header.EthernetFields{
		SrcAddr: src,
		DstAddr: pkt.EgressRoute.RemoteLinkAddress,
		Type:    pkt.NetworkProtocolNumber,
	})
}

// ParseHeader implements stack.LinkEndpoint.
func (*link) ParseHeader(pkt *stack.PacketBuffer) bool {
	_, ok := pkt.LinkHeader().Consume(header.EthernetMinimumSize)
	return ok
}

// SetOnCloseAction implements stack.LinkEndpoint.
func (*link) SetOnCloseAction(func()) {}

// Close implements stack.LinkEndpoint and stack.QueueingDiscipline: the queue is
// dropped and the wire unplugged.
func (l *link) Close() {
	l.queue.close()
	_ = l.wire.Close() // a second Close is an error that says nothing new
}

// WritePackets implements stack.LinkEndpoint.
func (l *link) WritePackets(pkts stack.PacketBufferList) (int, tcpip.Error) {
	for i, pkt := range pkts.AsSlice() {
		if err := l.WritePacket(pkt); err != nil {
			return i, err
		}
	}
	return pkts.Len(), nil
}

// WritePacket implements stack.QueueingDiscipline: it queues a packet that has
// its link header.
func (l *link) WritePacket(pkt *stack.PacketBuffer) tcpip.Error {
	return l.send(pkt, nil)
}

func (l *link) send(pkt *stack.PacketBuffer, sender tap) tcpip.Error {
	if l.taps.active() {
		l.showTaps(pkt, sender)
	}
	if !l.queue.push(pkt, patient(pkt)) {
		l.stats.txDropped.Add(1)
		return &tcpip.ErrNoBufferSpace{}
	}
	return nil
}

// showTaps shows the frames of a packet that is to be sent to the packet sockets.
func (l *link) showTaps(pkt *stack.PacketBuffer, sender tap) {
	c := newCutter(pkt)
	for n := c.next(); n > 0; n = c.next() {
		data := make([]byte, n)
		c.make(data)
		l.taps.deliver(&frame{
			link: l.index, proto: uint16(pkt.NetworkProtocolNumber), pktType: unix.PACKET_OUTGOING,
			hatype: unix.ARPHRD_ETHER, source: []byte(l.LinkAddress()), data: data,
			header: header.EthernetMinimumSize,
		}, sender)
	}
}

// patient tells whether the sender of a packet may be made to wait a moment for
// room in the queue: TCP with a connection, which runs in goroutines of its own. What
// is sent in answer to a packet from the goroutine that received it (ICMP, ARP, NDP,
// resets) must not wait, or two stacks could wait for each other. Datagrams are
// held back by their socket's send buffer.
func patient(pkt *stack.PacketBuffer) bool {
	if pkt.TransportProtocolNumber != header.TCPProtocolNumber {
		return false
	}
	h := header.TCP(pkt.TransportHeader().Slice())
	return len(h) >= header.TCPMinimumSize && h.Flags()&header.TCPFlagRst == 0
}
