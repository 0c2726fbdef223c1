// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"net/netip"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"vuos.dev/vunet/netconf"
)

// backend is a Stack as the configuration sees it.
type backend Stack

var _ netconf.Backend = (*backend)(nil)

func netProto(fam uint8) tcpip.NetworkProtocolNumber {
	if fam == unix.AF_INET {
		return ipv4.ProtocolNumber
	}
	return ipv6.ProtocolNumber
}

// SetUp implements netconf.Backend.
func (b *backend) SetUp(index int, up bool) error {
	id := tcpip.NICID(index)
	l := b.links[index]
	if !up {
		if l != nil {
			l.up.Store(false)
		}
		return errno(b.ip.DisableNIC(id))
	}
	if l != nil {
		l.up.Store(true)
	}
	return errno(b.ip.EnableNIC(id))
}

// SetMTU implements netconf.Backend.
func (b *backend) SetMTU(index int, mtu uint32) error {
	return errno(b.ip.SetNICMTU(tcpip.NICID(index), mtu))
}

// SetHardwareAddr implements netconf.Backend.
func (b *backend) SetHardwareAddr(index int, addr []byte) error {
	return errno(b.ip.SetNICAddress(tcpip.NICID(index), tcpip.LinkAddress(addr)))
}

// SetPromiscuous implements netconf.Backend.
func (b *backend) SetPromiscuous(index int, on bool) {
	if l := b.links[index]; l != nil {
		l.promisc.Store(on)
	}
}

// SetForwarding implements netconf.Backend.
func (b *backend) SetForwarding(index int, fam uint8, on bool) error {
	_, err := b.ip.SetNICForwarding(tcpip.NICID(index), netProto(fam), on)
	if l := b.links[index]; l != nil && err == nil {
		if fam == unix.AF_INET6 {
			l.forward6.Store(on)
		} else {
			l.forward4.Store(on)
		}
	}
	return errno(err)
}

// AddAddr implements netconf.Backend.
func (b *backend) AddAddr(a *netconf.Addr) error {
	id := tcpip.NICID(a.Link)
	pa := tcpip.ProtocolAddress{
		Protocol:          netProto(a.Family()),
		AddressWithPrefix: tcpip.AddressWithPrefix{Address: toAddress(a.Local), PrefixLen: a.Bits},
	}
	if a.Peer != a.Local {
		pa.AddressWithPrefix.PrefixLen = a.Local.BitLen()
	}
	props := stack.AddressProperties{Lifetimes: stack.AddressLifetimes{Deprecated: a.Flags&unix.IFA_F_DEPRECATED != 0}}
	if a.Local.Is6() {
		props.Disp = &addrWatch{s: (*Stack)(b), link: a.Link, ip: a.Local}
		if a.Flags&unix.IFA_F_TENTATIVE == 0 && a.Link != loopIndex {
			(*Stack)(b).setDAD(id, false)
			defer (*Stack)(b).setDAD(id, true)
		}
	}
	return errno(b.ip.AddProtocolAddress(id, pa, props))
}

// RemoveAddr implements netconf.Backend.
func (b *backend) RemoveAddr(a *netconf.Addr) {
	_ = b.ip.RemoveAddress(tcpip.NICID(a.Link), toAddress(a.Local)) // gone already after failed DAD
}

// setDAD turns duplicate address detection for addresses added from now on on or off.
func (s *Stack) setDAD(id tcpip.NICID, on bool) {
	c := stack.DADConfigurations{RetransmitTimer: dadTimer}
	if on {
		c.DupAddrDetectTransmits = dadTransmits
	}
	ep, err := s.ip.GetNetworkEndpoint(id, ipv6.ProtocolNumber)
	if err != nil {
		return
	}
	if d, ok := ep.(stack.DuplicateAddressDetector); ok {
		d.SetDADConfigurations(c)
	}
}

// SetRoutes implements netconf.Backend.
func (b *backend) SetRoutes(routes []*netconf.Route) {
	table := make([]tcpip.Route, 0, len(routes))
	for _, r := range routes {
		for _, h := range r.Hops {
			if h.Link == loopIndex && r.Type != unix.RTN_UNICAST {
				continue
			}
			t := tcpip.Route{Destination: toSubnet(r.Dst), NIC: tcpip.NICID(h.Link), MTU: r.Metrics[unix.RTAX_MTU]}
			if h.Gateway.IsValid() {
				t.Gateway = toAddress(h.Gateway)
			}
			if r.PrefSrc.IsValid() {
				t.SourceHint = toAddress(r.PrefSrc)
			}
			table = append(table, t)
		}
	}
	b.ip.SetRouteTable(table)
}

// Stats implements netconf.Backend.
func (b *backend) Stats(index int) netconf.LinkStats {
	if l := b.links[index]; l != nil {
		return l.stats.stats()
	}
	return b.loop.stats.stats()
}

// toAddress and fromAddress convert addresses; an IPv4-mapped one stays what it is.
func toAddress(ip netip.Addr) tcpip.Address { return tcpip.AddrFromSlice(ip.AsSlice()) }

func fromAddress(a tcpip.Address) netip.Addr {
	ip, _ := netip.AddrFromSlice(a.AsSlice())
	return ip
}

func toSubnet(p netip.Prefix) tcpip.Subnet {
	w := tcpip.AddressWithPrefix{Address: toAddress(p.Masked().Addr()), PrefixLen: p.Bits()}
	return w.Subnet()
}
