// SPDX-License-Identifier: Apache-2.0

package netconf

import (
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// checkRoute validates a route and fills in what was left open (fib_create_info,
// net/ipv4/fib_semantics.c; ip6_route_info_create, net/ipv6/route.c).
func (c *Config) checkRoute(r *Route) error {
	if r.Type > unix.RTN_NAT {
		return unix.EINVAL
	}
	if r.Dst.Masked() != r.Dst {
		return fail(unix.EINVAL, "Invalid prefix for given prefix length")
	}
	if r.Family == unix.AF_INET && typeScope(r.Type) > r.Scope {
		return fail(unix.EINVAL, "Invalid scope")
	}
	if r.Family == unix.AF_INET6 && r.Priority == 0 {
		r.Priority = IP6Priority
	}
	if r.Reject() != 0 {
		if r.Family == unix.AF_INET6 {
			r.Hops = []NextHop{{Link: 1}}
			r.Metrics[0] = 0
		} else if len(r.Hops) > 0 {
			return fail(unix.EINVAL, "Gateway, device and multipath can not be specified for this route type")
		}
		return nil
	}
	if len(r.Hops) == 0 {
		return unix.ENODEV
	}
	if r.PrefSrc.IsValid() && !c.isLocal(r.PrefSrc) {
		if r.Family == unix.AF_INET6 {
			return fail(unix.EINVAL, "Invalid source address")
		}
		return fail(unix.EINVAL, "Invalid prefsrc address")
	}
	for i := range r.Hops {
		var err error
		if r.Family == unix.AF_INET {
			err = c.checkHop4(r, &r.Hops[i])
		} else {
			err = c.checkHop6(r, &r.Hops[i])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// IsLocal tells whether an address is one of the stack's.
func (c *Config) IsLocal(ip netip.Addr) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.isLocal(ip)
}

// isLocal tells whether an address is one of the stack's.
func (c *Config) isLocal(ip netip.Addr) bool { return c.holder(ip) != 0 }

// holder is the index of the link that has an address, or 0.
func (c *Config) holder(ip netip.Addr) int {
	for _, a := range c.addrs {
		if a.Local == ip {
			return a.Link
		}
	}
	return 0
}

// checkHop4 is fib_check_nh.
func (c *Config) checkHop4(r *Route, h *NextHop) error {
	if h.Link != 0 && c.link(h.Link) == nil {
		return fail(unix.ENODEV, "Device for nexthop not found")
	}
	if r.Scope == unix.RT_SCOPE_HOST {
		if h.Gateway.IsValid() {
			return fail(unix.EINVAL, "Route with host scope can not have a gateway")
		}
		return nil
	}
	if !h.Gateway.IsValid() {
		if h.Link == 0 {
			return fail(unix.ENODEV, "No gateway or device specified")
		}
		if !c.link(h.Link).Up() {
			return fail(unix.ENETDOWN, "Device for nexthop is not up")
		}
		return nil
	}
	if r.Scope >= unix.RT_SCOPE_LINK {
		return fail(unix.EINVAL, "Nexthop has invalid scope")
	}
	if h.Gateway.IsMulticast() || c.isBroadcast(h.Gateway) {
		return fail(unix.EINVAL, "Nexthop has invalid gateway")
	}
	if h.Flags&unix.RTNH_F_ONLINK != 0 {
		return c.checkOnlink(h)
	}
	if l := c.holder(h.Gateway); l != 0 {
		h.Link = l // an address of one's own is taken as on link
		return nil
	}
	via := c.onLinkRoute(h.Gateway, h.Link)
	switch {
	case via == nil:
		return fail(unix.ENETUNREACH, "Nexthop has invalid gateway")
	case !c.link(via.Link()).Up():
		return fail(unix.ENETDOWN, "Nexthop device is not up")
	}
	h.Link = via.Link()
	return nil
}

// typeScope is the widest scope that a type of route may have (fib_props).
func typeScope(typ uint8) uint8 {
	switch typ {
	case unix.RTN_UNSPEC, unix.RTN_NAT:
		return unix.RT_SCOPE_NOWHERE
	case unix.RTN_LOCAL:
		return unix.RT_SCOPE_HOST
	case unix.RTN_BROADCAST, unix.RTN_ANYCAST:
		return unix.RT_SCOPE_LINK
	}
	return unix.RT_SCOPE_UNIVERSE
}

// isBroadcast tells whether an address is a broadcast address of one of the stack's networks.
func (c *Config) isBroadcast(ip netip.Addr) bool {
	return ip == broadcast4 || slices.ContainsFunc(c.routes, func(r *Route) bool {
		return r.Table == unix.RT_TABLE_LOCAL && r.Type == unix.RTN_BROADCAST && r.Dst.Addr() == ip && r.Dst.IsSingleIP()
	})
}

func (c *Config) checkOnlink(h *NextHop) error {
	switch {
	case h.Link == 0:
		return fail(unix.ENODEV, "Nexthop device required for onlink")
	case !c.link(h.Link).Up():
		return fail(unix.ENETDOWN, "Nexthop device is not up")
	}
	return nil
}

// onLinkRoute finds the connected route over which a gateway is reached.
func (c *Config) onLinkRoute(gw netip.Addr, link int) *Route {
	for _, r := range c.routes {
		if r.Table != unix.RT_TABLE_MAIN || r.Type != unix.RTN_UNICAST || !r.Dst.Contains(gw) {
			continue
		}
		if link != 0 && !r.Uses(link) {
			continue
		}
		if r.Gateway().IsValid() {
			return nil
		}
		return r
	}
	return nil
}

// checkHop6 is fib6_nh_init.
func (c *Config) checkHop6(r *Route, h *NextHop) error {
	if h.Link != 0 {
		l := c.link(h.Link)
		switch {
		case l == nil, l.MTU < minMTU6:
			return unix.ENODEV
		case l.V6.Disabled:
			return fail(unix.EACCES, "IPv6 is disabled on nexthop device")
		case !l.Up():
			return fail(unix.ENETDOWN, "Nexthop device is not up")
		}
	}
	gw := h.Gateway
	if !gw.IsValid() {
		if h.Link == 0 {
			return fail(unix.ENODEV, "")
		}
		return nil
	}
	if h.Flags&unix.RTNH_F_ONLINK != 0 {
		return c.checkOnlink(h)
	}
	if c.isLocal(gw) {
		return fail(unix.EINVAL, "Gateway can not be a local address")
	}
	if gw.IsMulticast() || gw.IsUnspecified() {
		return fail(unix.EINVAL, "Invalid gateway address")
	}
	if gw.IsLinkLocalUnicast() {
		if h.Link == 0 {
			return fail(unix.EINVAL, "Egress device not specified")
		}
		return nil
	}
	via := c.onLinkRoute(gw, h.Link)
	if via == nil {
		return fail(unix.EHOSTUNREACH, "")
	}
	h.Link = via.Link()
	return nil
}
