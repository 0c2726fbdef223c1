// SPDX-License-Identifier: Apache-2.0

package netconf

import (
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// linkAddrs are a link's addresses of a family (0: all), a copy of the list.
func (c *Config) linkAddrs(link int, fam uint8) []*Addr {
	var out []*Addr
	for _, a := range c.addrs {
		if a.Link == link && (fam == 0 || a.Family() == fam) {
			out = append(out, a)
		}
	}
	return out
}

// findAddr finds an address by link, address and prefix length; bits < 0 is any.
func (c *Config) findAddr(link int, ip netip.Addr, bits int) *Addr {
	for _, a := range c.addrs {
		if a.Link == link && a.Local == ip && (bits < 0 || a.Bits == bits) {
			return a
		}
	}
	return nil
}

// AddAddr adds an address to a link, or changes one if replace is set.
//
// Errors: ENODEV, EEXIST, EINVAL; EACCES if IPv6 is off on the link.
func (c *Config) AddAddr(a *Addr, excl, replace bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	cp := *a
	a = &cp
	l := c.link(a.Link)
	if l == nil {
		return unix.ENODEV
	}
	if a.Local.Is4() && a.Local.IsUnspecified() {
		return nil // __inet_insert_ifa() ignores it
	}
	if err := c.checkAddr(l, a); err != nil {
		return err
	}
	old := c.findAddr(l.Index, a.Local, a.Bits)
	if a.Local.Is6() {
		old = c.findAddr(l.Index, a.Local, -1)
	}
	if old != nil && (a.Local.Is6() || old.Peer == a.Peer) {
		if excl || !replace {
			if a.Local.Is4() {
				return fail(unix.EEXIST, "ipv4: Address already assigned")
			}
			return fail(unix.EEXIST, "ipv6: address already assigned")
		}
		return c.changeAddr(l, old, a)
	}
	c.insertAddr(l, a)
	c.pushRoutes()
	c.schedule()
	return nil
}

// checkAddr validates an address and fills in what was left open.
func (c *Config) checkAddr(l *Link, a *Addr) error {
	if !a.Peer.IsValid() {
		a.Peer = a.Local
	}
	if a.Valid.IsZero() {
		a.Flags |= unix.IFA_F_PERMANENT
	} else {
		a.Flags &^= unix.IFA_F_PERMANENT
	}
	a.Flags &^= unix.IFA_F_DEPRECATED | unix.IFA_F_DADFAILED
	if past(a.Preferred, time.Now()) {
		a.Flags |= unix.IFA_F_DEPRECATED
	}
	if a.Local.Is4() {
		a.Flags &^= unix.IFA_F_SECONDARY | unix.IFA_F_TENTATIVE
		return nil
	}
	switch {
	case l.MTU < minMTU6:
		return unix.EINVAL
	case l.V6.Disabled:
		return fail(unix.EACCES, "ipv6: IPv6 is disabled on this device")
	case a.Local.IsMulticast() && a.Flags&unix.IFA_F_MCAUTOJOIN == 0:
		return fail(unix.EADDRNOTAVAIL, "ipv6: Cannot assign multicast address without \"IFA_F_MCAUTOJOIN\" flag")
	case a.Local.IsUnspecified():
		return fail(unix.EINVAL, "ipv6: Invalid address")
	case a.Flags&unix.IFA_F_MANAGETEMPADDR != 0 && a.Bits != 64:
		return fail(unix.EINVAL, `ipv6: address with "mngtmpaddr" flag must have a prefix length of 64`)
	case a.Local.IsMulticast():
		return fail(unix.EADDRNOTAVAIL, "ipv6: Cannot assign requested address")
	case a.Local.IsLoopback() && !l.Loopback():
		return fail(unix.EADDRNOTAVAIL, "ipv6: Cannot assign loopback address on this device")
	}
	a.Scope, a.Label = addrScope6(a.Local), ""
	if !l.Loopback() && a.Flags&unix.IFA_F_NODAD == 0 {
		a.Flags |= unix.IFA_F_TENTATIVE
	}
	return nil
}

// insertAddr puts an address in its place, hands it to the backend and makes its
// routes.
func (c *Config) insertAddr(l *Link, a *Addr) {
	a.Created = time.Now()
	a.Updated = a.Created
	if a.Local.Is4() {
		c.place4(a)
	} else {
		c.place6(a)
	}
	if err := c.backend.AddAddr(a); err != nil && a.Local.Is6() {
		a.Flags |= unix.IFA_F_DADFAILED
	}
	if a.Local.Is4() {
		c.emitAddr(a, false)
		c.addAddrRoutes(l, a)
		return
	}
	c.addAddrRoutes(l, a)
	c.emitAddr(a, false)
}

// place4 is the order of __inet_insert_ifa (net/ipv4/devinet.c): primaries by
// scope, then secondaries.
func (c *Config) place4(a *Addr) {
	at, end := 0, len(c.addrs)
	for i, o := range c.addrs {
		if o.Link != a.Link || !o.Local.Is4() {
			continue
		}
		if !o.Secondary() && o.Bits == a.Bits && o.Prefix().Contains(a.Peer) {
			a.Flags |= unix.IFA_F_SECONDARY
		}
		if !o.Secondary() && a.Scope <= o.Scope {
			at = i + 1
		}
	}
	if a.Secondary() {
		at = end
	}
	c.addrs = slices.Insert(c.addrs, at, a)
}

// place6 is the order of ipv6_link_dev_addr: by scope, widest first, and the newest
// first within a scope.
func (c *Config) place6(a *Addr) {
	at := slices.IndexFunc(c.addrs, func(o *Addr) bool {
		return o.Link == a.Link && o.Local.Is6() && a.Scope <= o.Scope
	})
	if at < 0 {
		at = len(c.addrs)
	}
	c.addrs = slices.Insert(c.addrs, at, a)
}

// changeAddr is RTM_NEWADDR with NLM_F_REPLACE upon an address that is there.
func (c *Config) changeAddr(l *Link, old, a *Addr) error {
	const keep = unix.IFA_F_SECONDARY | unix.IFA_F_TENTATIVE | unix.IFA_F_DADFAILED
	reroute := (old.Flags^a.Flags)&unix.IFA_F_NOPREFIXROUTE != 0 || old.Priority != a.Priority ||
		old.Valid != a.Valid
	if reroute {
		c.dropAddrPrefixRoute(old)
	}
	old.Flags = old.Flags&keep | a.Flags&^keep
	old.Preferred, old.Valid, old.Priority = a.Preferred, a.Valid, a.Priority
	if a.Proto != 0 {
		old.Proto = a.Proto
	}
	old.Updated = time.Now()
	if reroute {
		c.addAddrRoutes(l, old)
		c.pushRoutes()
	}
	c.emitAddr(old, false)
	c.schedule()
	return nil
}

// DelAddr removes an address. bits < 0 and an invalid peer match any.
//
// Errors: ENODEV, EADDRNOTAVAIL.
func (c *Config) DelAddr(link int, ip, peer netip.Addr, bits int, label string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.link(link)
	if l == nil {
		return unix.ENODEV
	}
	for _, a := range c.linkAddrs(link, family(ip)) {
		if a.Local != ip || bits >= 0 && a.Bits != bits || label != "" && a.Label != label {
			continue
		}
		if peer.IsValid() && a.Peer != peer {
			continue
		}
		c.removeAddr(l, a)
		c.pushRoutes()
		return nil
	}
	switch {
	case ip.Is4():
		return fail(unix.EADDRNOTAVAIL, "ipv4: Address not found")
	case l.MTU < minMTU6:
		return fail(unix.ENXIO, "ipv6: IPv6 is disabled on this device")
	}
	return fail(unix.EADDRNOTAVAIL, "ipv6: address not found")
}

// removeAddr takes an address away, with its routes and, if it is a primary IPv4
// address, its secondaries (promote_secondaries is off).
func (c *Config) removeAddr(l *Link, a *Addr) {
	if a.Local.Is4() && !a.Secondary() {
		for _, o := range c.linkAddrs(a.Link, unix.AF_INET) {
			if o.Secondary() && o.Bits == a.Bits && a.Prefix().Contains(o.Peer) {
				c.removeAddr(l, o)
			}
		}
	}
	at := slices.Index(c.addrs, a)
	if at < 0 {
		return
	}
	c.addrs = slices.Delete(c.addrs, at, at+1)
	c.backend.RemoveAddr(a)
	if a.Local.Is4() {
		c.dropAddrRoutes(a)
		c.emitAddr(a, true)
		return
	}
	c.emitAddr(a, true)
	c.dropAddrRoutes(a)
}
