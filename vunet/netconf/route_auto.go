// SPDX-License-Identifier: Apache-2.0

package netconf

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// addAddrRoutes makes the routes that come with an address: fib_add_ifaddr
// (net/ipv4/fib_frontend.c), addrconf_prefix_route and ip6_ins_rt of the address's own
// route (net/ipv6/addrconf.c).
func (c *Config) addAddrRoutes(l *Link, a *Addr) {
	if a.Local.Is4() {
		c.addAddrRoutes4(l, a)
	} else {
		c.addAddrRoutes6(l, a)
	}
}

func (c *Config) addAddrRoutes4(l *Link, a *Addr) {
	src := a.Local
	if a.Secondary() {
		if p := c.primaryOf(a); p != nil {
			src = p.Local
		}
	}
	c.auto4(l, unix.RTN_LOCAL, netip.PrefixFrom(a.Local, 32), src, 0)
	if !l.Up() {
		return
	}
	pfx := a.Prefix()
	if b := a.Broadcast; b.IsValid() && b != broadcast4 {
		c.auto4(l, unix.RTN_BROADCAST, netip.PrefixFrom(b, 32), src, 0)
	}
	if pfx.Addr().As4()[0] == 0 || a.Secondary() || pfx.Addr() == a.Local && a.Bits == 32 {
		return
	}
	if a.Flags&unix.IFA_F_NOPREFIXROUTE == 0 {
		typ := uint8(unix.RTN_UNICAST)
		if l.Loopback() {
			typ = unix.RTN_LOCAL
		}
		c.auto4(l, typ, pfx, src, a.Priority)
	}
	if a.Bits < 31 {
		c.auto4(l, unix.RTN_BROADCAST, netip.PrefixFrom(lastAddr(pfx), 32), src, 0)
	}
}

var broadcast4 = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// lastAddr is the all-ones address of an IPv4 network.
func lastAddr(p netip.Prefix) netip.Addr {
	b := p.Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	return netip.AddrFrom4(b)
}

// primaryOf is the address whose secondary a is.
func (c *Config) primaryOf(a *Addr) *Addr {
	for _, o := range c.linkAddrs(a.Link, unix.AF_INET) {
		if !o.Secondary() && o.Bits == a.Bits && o.Prefix().Contains(a.Peer) {
			return o
		}
	}
	return nil
}

// auto4 is fib_magic.
func (c *Config) auto4(l *Link, typ uint8, dst netip.Prefix, src netip.Addr, prio uint32) {
	r := &Route{
		Family: unix.AF_INET, Table: unix.RT_TABLE_MAIN, Dst: dst, Type: typ, PrefSrc: src,
		Proto: unix.RTPROT_KERNEL, Scope: unix.RT_SCOPE_LINK, Priority: prio,
		Hops: []NextHop{{Link: l.Index}},
	}
	if typ != unix.RTN_UNICAST {
		r.Table = unix.RT_TABLE_LOCAL
	}
	if typ == unix.RTN_LOCAL {
		r.Scope = unix.RT_SCOPE_HOST
	}
	if (src.IsMulticast() || src == broadcast4) && (typ != unix.RTN_LOCAL || dst.Addr() != src) {
		return // not an address that packets can come from (fib_valid_prefsrc())
	}
	c.insertRoute(r)
}

func (c *Config) addAddrRoutes6(l *Link, a *Addr) {
	if !l.Up() {
		return
	}
	if !a.Tentative() {
		c.insertRoute(&Route{
			Family: unix.AF_INET6, Table: unix.RT_TABLE_LOCAL, Dst: netip.PrefixFrom(a.Local, 128),
			Type: unix.RTN_LOCAL, Proto: unix.RTPROT_KERNEL, Hops: []NextHop{{Link: l.Index}},
		})
	}
	if a.Flags&unix.IFA_F_NOPREFIXROUTE != 0 || l.Loopback() && a.Bits == 128 {
		return
	}
	prio := a.Priority
	if prio == 0 {
		prio = IP6PriorityAddrconf
	}
	for _, dst := range a.prefixes6() {
		c.insertRoute(&Route{
			Family: unix.AF_INET6, Table: unix.RT_TABLE_MAIN, Dst: dst, Type: unix.RTN_UNICAST,
			Proto: unix.RTPROT_KERNEL, Priority: prio, Expires: a.Valid,
			Hops: []NextHop{{Link: l.Index}},
		})
	}
}

// prefixes6 are the networks to which an IPv6 address makes routes: its own, and its peer.
func (a *Addr) prefixes6() []netip.Prefix {
	if a.Peer == a.Local {
		return []netip.Prefix{a.Prefix()}
	}
	return []netip.Prefix{a.Prefix(), netip.PrefixFrom(a.Peer, a.Peer.BitLen())}
}

// dropAddrPrefixRoute removes the route to an address's network, unless another
// address of the link needs it.
func (c *Config) dropAddrPrefixRoute(a *Addr) {
	pfx := a.Prefix()
	for _, o := range c.linkAddrs(a.Link, a.Family()) {
		if o != a && o.Prefix() == pfx && o.Flags&unix.IFA_F_NOPREFIXROUTE == 0 && !o.Secondary() {
			return
		}
	}
	c.dropRoutes(func(r *Route) bool {
		return r.Proto == unix.RTPROT_KERNEL && r.Uses(a.Link) && r.Dst == pfx &&
			r.Type != unix.RTN_BROADCAST && (r.Type != unix.RTN_LOCAL || pfx.Bits() < pfx.Addr().BitLen())
	}, true)
}

// dropAddrRoutes removes what addAddrRoutes made, as far as no other address
// needs it, and routes that prefer the address as source (fib_del_ifaddr,
// fib_sync_down_addr).
func (c *Config) dropAddrRoutes(a *Addr) {
	if !a.Secondary() {
		c.dropAddrPrefixRoute(a)
	}
	own := netip.PrefixFrom(a.Local, a.Local.BitLen())
	last := netip.Prefix{}
	if a.Local.Is4() {
		last = netip.PrefixFrom(lastAddr(a.Prefix()), 32)
	}
	keepOwn := c.findAddr(a.Link, a.Local, -1) != nil
	keepLast := false
	for _, o := range c.linkAddrs(a.Link, a.Family()) {
		keepLast = keepLast || a.Local.Is4() && lastAddr(o.Prefix()) == last.Addr()
	}
	c.dropRoutes(func(r *Route) bool {
		switch {
		case r.PrefSrc == a.Local && r.Type != unix.RTN_LOCAL:
			return !keepOwn
		case r.Proto != unix.RTPROT_KERNEL || !r.Uses(a.Link):
			return false
		case r.Type == unix.RTN_LOCAL && r.Dst == own:
			return !keepOwn
		case r.Type == unix.RTN_BROADCAST && a.Local.Is4() && r.Dst == last:
			return !keepLast
		case r.Type == unix.RTN_BROADCAST && a.Broadcast.IsValid():
			return r.Dst.Addr() == a.Broadcast
		}
		return false
	}, true)
}
