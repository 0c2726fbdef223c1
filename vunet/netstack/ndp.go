// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"net/netip"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// ndp hears what router advertisements bring. Nothing may call back into the stack
// from here: everything is posted.
type ndp Stack

var _ ipv6.NDPDispatcher = (*ndp)(nil)

func fromSubnet(n tcpip.Subnet) netip.Prefix {
	return netip.PrefixFrom(fromAddress(n.ID()), n.Prefix())
}

func (d *ndp) learnRoute(id tcpip.NICID, dst tcpip.Subnet, gw netip.Addr, pref uint8, gone bool) {
	d.events.post(func() { d.conf.LearnRoute(int(id), fromSubnet(dst), gw, pref, gone) })
}

// OnDuplicateAddressDetectionResult implements ipv6.NDPDispatcher; addrWatch
// and slaacWatch hear the same.
func (*ndp) OnDuplicateAddressDetectionResult(tcpip.NICID, tcpip.Address, stack.DADResult) {}

// OnOffLinkRouteUpdated implements ipv6.NDPDispatcher.
func (d *ndp) OnOffLinkRouteUpdated(id tcpip.NICID, dst tcpip.Subnet, gw tcpip.Address, p header.NDPRoutePreference) {
	d.learnRoute(id, dst, fromAddress(gw), uint8(p), false)
}

// OnOffLinkRouteInvalidated implements ipv6.NDPDispatcher.
func (d *ndp) OnOffLinkRouteInvalidated(id tcpip.NICID, dst tcpip.Subnet, gw tcpip.Address) {
	d.learnRoute(id, dst, fromAddress(gw), 0, true)
}

// OnOnLinkPrefixDiscovered implements ipv6.NDPDispatcher.
func (d *ndp) OnOnLinkPrefixDiscovered(id tcpip.NICID, dst tcpip.Subnet) {
	d.learnRoute(id, dst, netip.Addr{}, 0, false)
}

// OnOnLinkPrefixInvalidated implements ipv6.NDPDispatcher.
func (d *ndp) OnOnLinkPrefixInvalidated(id tcpip.NICID, dst tcpip.Subnet) {
	d.learnRoute(id, dst, netip.Addr{}, 0, true)
}

// OnAutoGenAddress implements ipv6.NDPDispatcher.
func (d *ndp) OnAutoGenAddress(id tcpip.NICID, a tcpip.AddressWithPrefix) stack.AddressDispatcher {
	return &slaacWatch{s: (*Stack)(d), link: int(id), prefix: netip.PrefixFrom(fromAddress(a.Address), a.PrefixLen)}
}

// OnAutoGenAddressDeprecated implements ipv6.NDPDispatcher.
func (*ndp) OnAutoGenAddressDeprecated(tcpip.NICID, tcpip.AddressWithPrefix) {}

// OnAutoGenAddressInvalidated implements ipv6.NDPDispatcher.
func (d *ndp) OnAutoGenAddressInvalidated(id tcpip.NICID, a tcpip.AddressWithPrefix) {
	d.events.post(func() { d.conf.ForgetAddr(int(id), fromAddress(a.Address)) })
}

// OnRecursiveDNSServerOption implements ipv6.NDPDispatcher; the kernel leaves
// these options to user space too.
func (*ndp) OnRecursiveDNSServerOption(tcpip.NICID, []tcpip.Address, time.Duration) {}

// OnDNSSearchListOption implements ipv6.NDPDispatcher.
func (*ndp) OnDNSSearchListOption(tcpip.NICID, []string, time.Duration) {}

// OnDHCPv6Configuration implements ipv6.NDPDispatcher.
func (*ndp) OnDHCPv6Configuration(tcpip.NICID, ipv6.DHCPv6ConfigurationFromNDPRA) {}

// slaacWatch hears what becomes of an address made from a router advertisement.
type slaacWatch struct {
	s      *Stack
	link   int
	prefix netip.Prefix
}

// OnChanged implements stack.AddressDispatcher.
func (w *slaacWatch) OnChanged(lt stack.AddressLifetimes, st stack.AddressAssignmentState) {
	pref, valid := w.s.until(lt.PreferredUntil), w.s.until(lt.ValidUntil)
	if lt.Deprecated {
		pref = time.Now()
	}
	w.s.events.post(func() {
		w.s.conf.LearnAddr(w.link, w.prefix, st == stack.AddressTentative, pref, valid)
		if st == stack.AddressAssigned {
			w.s.conf.AddrState(w.link, w.prefix.Addr(), false)
		}
	})
}

// OnRemoved implements stack.AddressDispatcher.
func (w *slaacWatch) OnRemoved(why stack.AddressRemovalReason) {
	w.s.events.post(func() {
		if why == stack.AddressRemovalDADFailed {
			w.s.conf.AddrState(w.link, w.prefix.Addr(), true)
			return
		}
		w.s.conf.ForgetAddr(w.link, w.prefix.Addr())
	})
}
