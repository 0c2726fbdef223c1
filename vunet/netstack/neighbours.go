// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"vuos.dev/vunet/netconf"
)

// nudStates are the kernel's numbers of gVisor's neighbour states.
var nudStates = map[stack.NeighborState]uint16{
	stack.Incomplete:  unix.NUD_INCOMPLETE,
	stack.Reachable:   unix.NUD_REACHABLE,
	stack.Stale:       unix.NUD_STALE,
	stack.Delay:       unix.NUD_DELAY,
	stack.Probe:       unix.NUD_PROBE,
	stack.Static:      unix.NUD_PERMANENT,
	stack.Unreachable: unix.NUD_FAILED,
}

func (s *Stack) neighbour(index int, e stack.NeighborEntry) netconf.Neighbour {
	n := netconf.Neighbour{Link: index, IP: fromAddress(e.Addr), LLAddr: []byte(e.LinkAddr), State: nudStates[e.State]}
	if age := s.ip.Clock().NowMonotonic().Sub(e.UpdatedAt); age > 0 {
		n.Updated = age
	}
	return n
}

// Neighbours implements netconf.Backend.
func (b *backend) Neighbours(index int, fam uint8) []netconf.Neighbour {
	list, err := b.ip.Neighbors(tcpip.NICID(index), netProto(fam))
	if err != nil {
		return nil
	}
	out := make([]netconf.Neighbour, 0, len(list))
	for _, e := range list {
		if e.State != stack.Unknown {
			out = append(out, (*Stack)(b).neighbour(index, e))
		}
	}
	return out
}

// AddNeighbour implements netconf.Backend.
func (b *backend) AddNeighbour(index int, ip netip.Addr, lladdr []byte) error {
	fam := uint8(unix.AF_INET6)
	if ip.Is4() {
		fam = unix.AF_INET
	}
	return errno(b.ip.AddStaticNeighbor(tcpip.NICID(index), netProto(fam), toAddress(ip), tcpip.LinkAddress(lladdr)))
}

// DelNeighbour implements netconf.Backend.
func (b *backend) DelNeighbour(index int, ip netip.Addr) bool {
	fam := uint8(unix.AF_INET6)
	if ip.Is4() {
		fam = unix.AF_INET
	}
	return b.ip.RemoveNeighbor(tcpip.NICID(index), netProto(fam), toAddress(ip)) == nil
}

// nud hears of changes in the neighbour tables.
type nud Stack

var _ stack.NUDDispatcher = (*nud)(nil)

func (n *nud) tell(id tcpip.NICID, e stack.NeighborEntry, gone bool) {
	if e.State == stack.Unknown && !gone {
		return
	}
	s := (*Stack)(n)
	n.events.post(func() { s.conf.LearnNeighbour(s.neighbour(int(id), e), gone) })
}

// OnNeighborAdded implements stack.NUDDispatcher.
func (n *nud) OnNeighborAdded(id tcpip.NICID, e stack.NeighborEntry) { n.tell(id, e, false) }

// OnNeighborChanged implements stack.NUDDispatcher.
func (n *nud) OnNeighborChanged(id tcpip.NICID, e stack.NeighborEntry) { n.tell(id, e, false) }

// OnNeighborRemoved implements stack.NUDDispatcher.
func (n *nud) OnNeighborRemoved(id tcpip.NICID, e stack.NeighborEntry) { n.tell(id, e, true) }

// addrWatch hears what becomes of an address that the configuration added.
type addrWatch struct {
	s    *Stack
	link int
	ip   netip.Addr
}

// OnChanged implements stack.AddressDispatcher.
func (w *addrWatch) OnChanged(_ stack.AddressLifetimes, st stack.AddressAssignmentState) {
	if st == stack.AddressAssigned {
		w.s.events.post(func() { w.s.conf.AddrState(w.link, w.ip, false) })
	}
}

// OnRemoved implements stack.AddressDispatcher.
func (w *addrWatch) OnRemoved(why stack.AddressRemovalReason) {
	if why == stack.AddressRemovalDADFailed {
		w.s.events.post(func() { w.s.conf.AddrState(w.link, w.ip, true) })
	}
}

// until turns a time of gVisor's clock into one of the wall clock; zero is never.
func (s *Stack) until(t tcpip.MonotonicTime) time.Time {
	if t == (tcpip.MonotonicTime{}) || t == tcpip.MonotonicTimeInfinite() {
		return time.Time{}
	}
	return time.Now().Add(t.Sub(s.ip.Clock().NowMonotonic()))
}
