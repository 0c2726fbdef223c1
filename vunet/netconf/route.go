// SPDX-License-Identifier: Apache-2.0

package netconf

import (
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Route is an entry of a routing table.
type Route struct {
	Family   uint8
	Table    uint32
	Dst      netip.Prefix
	Src      netip.Prefix // IPv6 subtrees; zero bits otherwise
	TOS      uint8
	Scope    uint8
	Type     uint8 // RTN_*
	Proto    uint8 // RTPROT_*
	Priority uint32
	PrefSrc  netip.Addr
	Metrics  [unix.RTAX_MAX + 1]uint32 // RTAX_*; 0 is unset
	CC       string                    // RTAX_CC_ALGO
	Realm    uint32                    // RTA_FLOW of an IPv4 route
	Flags    uint32                    // RTM_F_* and RTNH_F_* of the whole route
	Pref     uint8                     // ICMPV6_ROUTER_PREF_*
	Expires  time.Time                 // zero: never
	Hops     []NextHop
}

// NextHop is one way that a route takes.
type NextHop struct {
	Link    int
	Gateway netip.Addr // invalid: on link
	Flags   uint32     // RTNH_F_*
	Weight  uint8      // less one, as rtnh_hops
}

// IP6Priority is the metric of IPv6 routes that were given none
// (IP6_RT_PRIO_USER), IP6PriorityAddrconf that of routes the kernel makes.
const (
	IP6Priority         = 1024
	IP6PriorityAddrconf = 256
)

// Link is the index of the first next hop's link, or 0.
func (r *Route) Link() int {
	if len(r.Hops) == 0 {
		return 0
	}
	return r.Hops[0].Link
}

// Gateway is the gateway of the first next hop; it may be invalid.
func (r *Route) Gateway() netip.Addr {
	if len(r.Hops) == 0 {
		return netip.Addr{}
	}
	return r.Hops[0].Gateway
}

// Uses tells whether some next hop goes through the link.
func (r *Route) Uses(link int) bool {
	return slices.ContainsFunc(r.Hops, func(h NextHop) bool { return h.Link == link })
}

// Reject is the error that a packet meets which takes this route, or 0.
func (r *Route) Reject() unix.Errno {
	switch r.Type {
	case unix.RTN_BLACKHOLE:
		return unix.EINVAL
	case unix.RTN_UNREACHABLE:
		return unix.EHOSTUNREACH
	case unix.RTN_PROHIBIT:
		return unix.EACCES
	case unix.RTN_THROW:
		return unix.EAGAIN
	}
	return 0
}

// clone returns a copy that shares nothing.
func (r *Route) clone() *Route {
	c := *r
	c.Hops = slices.Clone(r.Hops)
	return &c
}

// shown is a copy of a route as it is told: next hops whose link is up and has no carrier are marked, but for the
// stack's own addresses (net/ipv4/fib_semantics.c:fib_sync_down_dev(), net/ipv6/route.c:fib6_ifdown()).
func (c *Config) shown(r *Route) *Route {
	r = r.clone()
	for i := range r.Hops {
		if l := c.link(r.Hops[i].Link); l != nil && l.Up() && !l.Carrier && r.Type != unix.RTN_LOCAL {
			r.Hops[i].Flags |= unix.RTNH_F_LINKDOWN
		}
	}
	return r
}

// sameKey tells whether two routes are for the same packets: what makes a second
// one need NLM_F_APPEND or a metric of its own.
func (r *Route) sameKey(o *Route) bool {
	return r.Family == o.Family && r.Table == o.Table && r.Dst == o.Dst &&
		r.Src == o.Src && r.TOS == o.TOS && r.Priority == o.Priority
}

// sameWay tells whether two routes lead the same way.
func (r *Route) sameWay(o *Route) bool {
	return r.Type == o.Type && r.Scope == o.Scope && r.Proto == o.Proto &&
		r.PrefSrc == o.PrefSrc && r.Metrics == o.Metrics && slices.Equal(r.Hops, o.Hops)
}
