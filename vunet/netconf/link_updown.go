// SPDX-License-Identifier: Apache-2.0

package netconf

import (
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// linkUp is __dev_open with what the address families do upon NETDEV_UP.
func (c *Config) linkUp(l *Link) error {
	before := l.AllFlags()
	if err := c.backend.SetUp(l.Index, true); err != nil {
		return err
	}
	l.Flags |= unix.IFF_UP
	l.Qdisc = l.UpDisc
	c.emitLink(l, before^l.AllFlags())
	if l.Loopback() && !slices.ContainsFunc(c.addrs, func(a *Addr) bool {
		return a.Link == l.Index && a.Local.Is4()
	}) {
		c.insertAddr(l, &Addr{
			Link: l.Index, Local: loopback4, Peer: loopback4, Bits: 8, Label: l.Name,
			Scope: unix.RT_SCOPE_HOST, Flags: unix.IFA_F_PERMANENT,
		})
	}
	for _, a := range c.linkAddrs(l.Index, unix.AF_INET) {
		c.addAddrRoutes(l, a)
	}
	if l.IPv6() {
		c.linkUp6(l)
	}
	c.pushRoutes()
	return nil
}

var (
	loopback4  = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	linkLocal6 = netip.MustParsePrefix("fe80::/64")
	multicast6 = netip.MustParsePrefix("ff00::/8")
)

// linkUp6 is addrconf_notify for NETDEV_UP (net/ipv6/addrconf.c).
func (c *Config) linkUp6(l *Link) {
	if l.Loopback() {
		one := netip.IPv6Loopback()
		if c.findAddr(l.Index, one, 128) == nil {
			c.insertAddr(l, &Addr{Link: l.Index, Local: one, Peer: one, Bits: 128,
				Scope: unix.RT_SCOPE_HOST, Flags: unix.IFA_F_PERMANENT, Proto: ProtoKernelLo})
		}
		return
	}
	if l.Flags&unix.IFF_MULTICAST != 0 {
		c.insertRoute(&Route{
			Family: unix.AF_INET6, Table: unix.RT_TABLE_LOCAL, Dst: multicast6,
			Type: unix.RTN_MULTICAST, Proto: unix.RTPROT_KERNEL, Priority: IP6PriorityAddrconf,
			Hops: []NextHop{{Link: l.Index}},
		})
	}
	for _, a := range c.linkAddrs(l.Index, unix.AF_INET6) {
		c.addAddrRoutes(l, a)
	}
	if l.GenMode == GenModeEUI64 && len(l.Addr) == 6 {
		ll := EUI64(linkLocal6.Addr(), l.Addr)
		if c.findAddr(l.Index, ll, 64) == nil {
			c.insertAddr(l, &Addr{Link: l.Index, Local: ll, Peer: ll, Bits: 64,
				Scope: unix.RT_SCOPE_LINK, Proto: ProtoKernelLL,
				Flags: unix.IFA_F_PERMANENT | unix.IFA_F_TENTATIVE})
		}
	}
}

// EUI64 makes an address of a 64 bit prefix and the modified EUI-64 identifier
// of a 48 bit hardware address (RFC 4291, appendix A).
func EUI64(prefix netip.Addr, mac []byte) netip.Addr {
	b := prefix.As16()
	copy(b[8:], []byte{mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]})
	return netip.AddrFrom16(b)
}

// linkDown6 is addrconf_ifdown: IPv6 goes from a link.
func (c *Config) linkDown6(l *Link) {
	for _, a := range c.linkAddrs(l.Index, unix.AF_INET6) {
		c.removeAddr(l, a)
	}
	c.dropRoutes(func(r *Route) bool { return r.Family == unix.AF_INET6 && r.Uses(l.Index) }, true)
}

// linkDown is __dev_close: IPv6 addresses go, and every route through the link
// but those to its own IPv4 addresses.
func (c *Config) linkDown(l *Link) error {
	before := l.AllFlags()
	for _, a := range c.linkAddrs(l.Index, unix.AF_INET6) {
		c.removeAddr(l, a)
	}
	if err := c.backend.SetUp(l.Index, false); err != nil {
		return err
	}
	l.Flags &^= unix.IFF_UP
	c.emitLink(l, before^l.AllFlags())
	c.dropRoutes(func(r *Route) bool {
		return r.Uses(l.Index) && !(r.Family == unix.AF_INET && r.Type == unix.RTN_LOCAL)
	}, false)
	c.pushRoutes()
	return nil
}

// SetCarrier tells that the other end of a link's wire came or went.
func (c *Config) SetCarrier(index int, on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.link(index)
	if l == nil || l.Carrier == on {
		return
	}
	before := l.AllFlags()
	l.Carrier = on
	if on {
		l.CarrierUp++
	} else {
		l.CarrierDown++
	}
	if l.Up() {
		c.emitLink(l, before^l.AllFlags())
	}
}

// SetForwarding is net.ipv4.ip_forward and net.ipv6.conf.all.forwarding, or with a
// link's index that of one link.
func (c *Config) SetForwarding(index int, fam uint8, on bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if index == 0 && fam == unix.AF_INET {
		c.forward4 = on
	} else if index == 0 {
		c.forward6 = on
	}
	for _, l := range c.links {
		if index != 0 && l.Index != index {
			continue
		}
		if err := c.backend.SetForwarding(l.Index, fam, on); err != nil {
			return err
		}
		if fam == unix.AF_INET {
			l.V4.Forwarding = on
		} else {
			l.V6.Forwarding = on
		}
	}
	return nil
}

// Forwarding tells whether packets of a family are forwarded.
func (c *Config) Forwarding(fam uint8) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if fam == unix.AF_INET {
		return c.forward4
	}
	return c.forward6
}

// expire removes what is too old and marks what is deprecated, and sets the
// timer for the next time.
func (c *Config) expire() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	now := time.Now()
	for _, a := range slices.Clone(c.addrs) {
		l := c.link(a.Link)
		switch {
		case past(a.Valid, now):
			c.removeAddr(l, a)
		case past(a.Preferred, now) && a.Flags&unix.IFA_F_DEPRECATED == 0:
			a.Flags |= unix.IFA_F_DEPRECATED
			c.emitAddr(a, false)
		}
	}
	c.dropRoutes(func(r *Route) bool { return past(r.Expires, now) }, true)
	c.pushRoutes()
	c.schedule()
}

func past(t, now time.Time) bool { return !t.IsZero() && !t.After(now) }

// schedule arms the timer for the next thing to expire.
func (c *Config) schedule() {
	var next time.Time
	sooner := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, a := range c.addrs {
		sooner(a.Valid)
		if a.Flags&unix.IFA_F_DEPRECATED == 0 {
			sooner(a.Preferred)
		}
	}
	for _, r := range c.routes {
		sooner(r.Expires)
	}
	c.expiry.Stop()
	if !next.IsZero() && !c.closed {
		c.expiry.Reset(time.Until(next))
	}
}
