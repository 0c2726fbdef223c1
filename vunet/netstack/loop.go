// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"sync/atomic"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// loopIndex is the index of lo, loopMTU its MTU in bytes.
const (
	loopIndex = 1
	loopMTU   = 65536
)

// loop is the loopback interface: what is sent comes back. Packets to the
// stack's own addresses do not come here (gVisor delivers them by itself), only what is
// routed to lo explicitly.
type loop struct {
	stats counters
	mtu   atomic.Uint32
	disp  atomic.Pointer[stack.NetworkDispatcher]
}

var _ stack.LinkEndpoint = (*loop)(nil)

func newLoop() *loop {
	l := &loop{}
	l.mtu.Store(loopMTU)
	return l
}

// MTU implements stack.LinkEndpoint.
func (l *loop) MTU() uint32 { return l.mtu.Load() }

// SetMTU implements stack.LinkEndpoint.
func (l *loop) SetMTU(mtu uint32) { l.mtu.Store(mtu) }

// MaxHeaderLength implements stack.LinkEndpoint.
func (*loop) MaxHeaderLength() uint16 { return 0 }

// LinkAddress implements stack.LinkEndpoint.
func (*loop) LinkAddress() tcpip.LinkAddress { return "" }

// SetLinkAddress implements stack.LinkEndpoint.
func (*loop) SetLinkAddress(tcpip.LinkAddress) {}

// Capabilities implements stack.LinkEndpoint.
func (*loop) Capabilities() stack.LinkEndpointCapabilities {
	return stack.CapabilityLoopback | stack.CapabilityRXChecksumOffload | stack.CapabilityTXChecksumOffload
}

// ARPHardwareType implements stack.LinkEndpoint.
func (*loop) ARPHardwareType() header.ARPHardwareType { return header.ARPHardwareLoopback }

// Attach implements stack.LinkEndpoint.
func (l *loop) Attach(d stack.NetworkDispatcher) {
	if d == nil {
		l.disp.Store(nil)
		return
	}
	l.disp.Store(&d)
}

// IsAttached implements stack.LinkEndpoint.
func (l *loop) IsAttached() bool { return l.disp.Load() != nil }

// Wait implements stack.LinkEndpoint.
func (*loop) Wait() {}

// AddHeader implements stack.LinkEndpoint.
func (*loop) AddHeader(*stack.PacketBuffer) {}

// ParseHeader implements stack.LinkEndpoint.
func (*loop) ParseHeader(*stack.PacketBuffer) bool { return true }

// Close implements stack.LinkEndpoint.
func (*loop) Close() {}

// SetOnCloseAction implements stack.LinkEndpoint.
func (*loop) SetOnCloseAction(func()) {}

// WritePackets implements stack.LinkEndpoint.
func (l *loop) WritePackets(pkts stack.PacketBufferList) (int, tcpip.Error) {
	disp := l.disp.Load()
	for _, pkt := range pkts.AsSlice() {
		size := uint64(pkt.Size())
		l.stats.txPackets.Add(1)
		l.stats.txBytes.Add(size)
		if disp == nil {
			continue
		}
		in := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: pkt.ToBuffer()})
		l.stats.rxPackets.Add(1)
		l.stats.rxBytes.Add(size)
		(*disp).DeliverNetworkPacket(pkt.NetworkProtocolNumber, in)
		in.DecRef()
	}
	return pkts.Len(), nil
}
