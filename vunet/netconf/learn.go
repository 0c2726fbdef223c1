// SPDX-License-Identifier: Apache-2.0

package netconf

import (
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// AddrState is the result of duplicate address detection: the address may be
// used, or somebody else has it.
func (c *Config) AddrState(link int, ip netip.Addr, duplicate bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l, a := c.link(link), c.findAddr(link, ip, -1)
	if l == nil || a == nil || a.Flags&unix.IFA_F_TENTATIVE == 0 {
		return
	}
	if duplicate {
		a.Flags |= unix.IFA_F_DADFAILED
		c.emitAddr(a, false)
		return
	}
	a.Flags &^= unix.IFA_F_TENTATIVE | unix.IFA_F_OPTIMISTIC
	c.emitAddr(a, false)
	c.addAddrRoutes(l, a)
	c.pushRoutes()
}

// LearnAddr enters an address that the backend made from a router
// advertisement (SLAAC), or changes its lifetimes.
func (c *Config) LearnAddr(link int, p netip.Prefix, tentative bool, preferred, valid time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.link(link)
	if l == nil || !l.Up() {
		return
	}
	a := c.findAddr(link, p.Addr(), -1)
	fresh := a == nil
	if fresh {
		a = &Addr{Link: link, Local: p.Addr(), Peer: p.Addr(), Bits: p.Bits(), Created: time.Now(),
			Scope: addrScope6(p.Addr()), Proto: ProtoKernelRA,
			Flags: unix.IFA_F_MANAGETEMPADDR | unix.IFA_F_NOPREFIXROUTE}
		c.place6(a)
	}
	if fresh && tentative {
		a.Flags |= unix.IFA_F_TENTATIVE
	}
	a.Updated, a.Preferred, a.Valid = time.Now(), preferred, valid
	a.Flags &^= unix.IFA_F_DEPRECATED
	if past(preferred, time.Now()) {
		a.Flags |= unix.IFA_F_DEPRECATED
	}
	c.emitAddr(a, false)
	if !tentative {
		c.addAddrRoutes(l, a)
		c.pushRoutes()
	}
	c.schedule()
}

// ForgetAddr removes an address that the backend has given up.
func (c *Config) ForgetAddr(link int, ip netip.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.findAddr(link, ip, -1); a != nil && a.Proto == ProtoKernelRA {
		c.removeAddr(c.link(link), a)
		c.pushRoutes()
	}
}

// LearnRoute enters a route from a router advertisement: a default or more specific
// route through gateway, or an on-link prefix if gateway is invalid. gone removes
// it again.
func (c *Config) LearnRoute(link int, dst netip.Prefix, gateway netip.Addr, pref uint8, gone bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.link(link)
	if l == nil {
		return
	}
	r := &Route{
		Family: unix.AF_INET6, Table: unix.RT_TABLE_MAIN, Dst: dst, Type: unix.RTN_UNICAST,
		Proto: unix.RTPROT_RA, Priority: IP6Priority, Pref: pref,
		Hops: []NextHop{{Link: link, Gateway: gateway}},
	}
	if !gateway.IsValid() {
		r.Proto, r.Priority = unix.RTPROT_KERNEL, IP6PriorityAddrconf
	}
	if gone {
		c.dropRoutes(func(o *Route) bool {
			return o.sameKey(r) && o.Proto == r.Proto && o.Gateway() == gateway && o.Link() == link
		}, true)
	} else if l.Up() {
		c.insertRoute(r)
	}
	c.pushRoutes()
}

// LearnNeighbour tells subscribers of a neighbour that appeared, changed or was
// forgotten.
func (c *Config) LearnNeighbour(n Neighbour, gone bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link(n.Link) != nil {
		c.emit(Event{Neigh: &n, Deleted: gone})
	}
}
