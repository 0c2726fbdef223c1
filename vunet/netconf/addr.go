// SPDX-License-Identifier: Apache-2.0

package netconf

import (
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// Addr is an address of a link (struct in_ifaddr, struct inet6_ifaddr).
type Addr struct {
	Link      int
	Local     netip.Addr
	Peer      netip.Addr // equal to Local unless the link is point to point
	Bits      int        // prefix length
	Broadcast netip.Addr // may be invalid
	Label     string     // IPv4 only
	Scope     uint8      // RT_SCOPE_*
	Flags     uint32     // IFA_F_*
	Proto     uint8      // IFAPROT_*
	Priority  uint32     // metric of the prefix route; 0 is the default

	Preferred time.Time // deprecated from then on; zero: never
	Valid     time.Time // gone from then on; zero: never
	Created   time.Time
	Updated   time.Time
}

// Kinds of origin of an address (IFA_PROTO, linux/if_addr.h).
const (
	ProtoKernelLo = 1
	ProtoKernelRA = 2
	ProtoKernelLL = 3
)

// Family is unix.AF_INET or AF_INET6.
func (a *Addr) Family() uint8 { return family(a.Local) }

// Prefix is the network the address is on: an IPv4 address is on that of its peer.
func (a *Addr) Prefix() netip.Prefix {
	if a.Local.Is6() {
		return netip.PrefixFrom(a.Local, a.Bits).Masked()
	}
	return netip.PrefixFrom(a.Peer, a.Bits).Masked()
}

// Tentative tells whether the address may not be used yet (or any more).
func (a *Addr) Tentative() bool {
	return a.Flags&(unix.IFA_F_TENTATIVE|unix.IFA_F_DADFAILED) != 0
}

// Secondary tells whether an IPv4 address goes when the primary one of its
// network goes.
func (a *Addr) Secondary() bool { return a.Flags&unix.IFA_F_SECONDARY != 0 }

// family is the address family of ip.
func family(ip netip.Addr) uint8 {
	if ip.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}

// addrScope6 is the scope of an IPv6 address as the kernel reports it
// (ipv6_addr_scope, RT_SCOPE_*).
func addrScope6(ip netip.Addr) uint8 {
	switch {
	case ip.IsLoopback(), ip.IsInterfaceLocalMulticast():
		return unix.RT_SCOPE_HOST
	case ip.IsLinkLocalUnicast(), ip.IsLinkLocalMulticast():
		return unix.RT_SCOPE_LINK
	case ip.As16()[0] == 0xfe && ip.As16()[1]&0xc0 == 0xc0, ip.IsMulticast() && ip.As16()[1]&0xf == 5:
		return unix.RT_SCOPE_SITE
	}
	return unix.RT_SCOPE_UNIVERSE
}
