// SPDX-License-Identifier: Apache-2.0

package rtnl

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"vuos.dev/vunet/netconf"
	"vuos.dev/vunet/nl"
	"vuos.dev/vunet/nlsock"
)

var routeDump = dumpRule{
	what: "FIB dump", size: unix.SizeofRtMsg, zero: []int{1, 2, 3, 6},
	attrs: map[int]bool{unix.RTA_TABLE: true, unix.RTA_OIF: true},
}

// dumpRoutes is RTM_GETROUTE with NLM_F_DUMP (inet_dump_fib, inet6_dump_fib).
func (s *Server) dumpRoutes(r *nlsock.Request) error {
	hdr, attrs, err := routeDump.parse(r)
	if err != nil {
		return err
	}
	flags := uint16(unix.NLM_F_MULTI)
	if r.Strict {
		flags |= filtered
	}
	if !r.Strict && len(r.Body) >= unix.SizeofRtMsg {
		copy(hdr, r.Body[:unix.SizeofRtMsg]) // older programs ask for cloned routes by flag
		hdr[1], hdr[2], hdr[4], hdr[5], hdr[7] = 0, 0, 0, 0, 0
	}
	if binary.NativeEndian.Uint32(hdr[8:])&unix.RTM_F_CLONED != 0 {
		return nil // there is no routing cache
	}
	table := uint32(hdr[4])
	if t, ok := attrs.U32(unix.RTA_TABLE); ok && r.Strict {
		table = t
	}
	oif := uint32(0)
	if r.Strict {
		oif, _ = attrs.U32(unix.RTA_OIF)
	}
	routes := s.conf.Routes()
	slices.SortStableFunc(routes, dumpOrder)
	found := false
	for _, x := range routes {
		switch {
		case hdr[0] != 0 && hdr[0] != x.Family,
			table != 0 && table != x.Table,
			hdr[5] != 0 && hdr[5] != x.Proto,
			hdr[7] != 0 && hdr[7] != x.Type,
			oif != 0 && !x.Uses(int(oif)):
			continue
		}
		found = true
		r.Dump(fillRoute(r.Header(unix.RTM_NEWROUTE, flags), x))
	}
	if !found && r.Strict && table != 0 && !s.conf.HasTable(hdr[0], table) {
		if hdr[0] == unix.AF_INET {
			return fail(unix.ENOENT, "ipv4: FIB table does not exist")
		}
		if hdr[0] == unix.AF_INET6 {
			return fail(unix.ENOENT, "ipv6: FIB table does not exist")
		}
	}
	return nil
}

// getRoute is RTM_GETROUTE: which way a packet would go (inet_rtm_getroute,
// inet6_rtm_getroute).
func (s *Server) getRoute(r *nlsock.Request) error {
	hdr, attrs, err := parse(r, unix.SizeofRtMsg)
	if err != nil {
		return err
	}
	fam := hdr[0]
	if fam != unix.AF_INET && fam != unix.AF_INET6 {
		return unix.EOPNOTSUPP
	}
	q := netconf.Query{Dst: attrs.IP(unix.RTA_DST, fam), Src: attrs.IP(unix.RTA_SRC, fam), TOS: hdr[3]}
	if !q.Dst.IsValid() {
		q.Dst = anyAddr(fam)
	}
	oif, _ := attrs.U32(unix.RTA_OIF)
	iif, _ := attrs.U32(unix.RTA_IIF)
	q.OIf, q.IIf = int(oif), int(iif)
	q.Mark, _ = attrs.U32(unix.RTA_MARK)
	q.UID, _ = attrs.U32(rtaUID)
	if q.IIf != 0 && s.conf.Link(q.IIf) == nil || q.OIf != 0 && s.conf.Link(q.OIf) == nil {
		return unix.ENODEV
	}
	a, err := s.conf.Lookup(q)
	if err == nil {
		err = s.passes(&q, a)
	}
	if err != nil {
		return err
	}
	if binary.NativeEndian.Uint32(hdr[8:])&unix.RTM_F_FIB_MATCH != 0 {
		if fam == unix.AF_INET && a.Route.Table == unix.RT_TABLE_LOCAL && !s.ownRules() {
			a.Route.Table = unix.RT_TABLE_MAIN
		}
		r.Reply(fillRoute(r.Header(unix.RTM_NEWROUTE, 0), a.Route))
		return nil
	}
	r.Reply(s.fillAnswer(r.Header(unix.RTM_NEWROUTE, 0), &q, a))
	return nil
}

// passes tells whether a packet with a source address would be sent, or received on a link, and not dropped
// (ip_route_output_key_hash_rcu, ip_route_input_slow).
func (s *Server) passes(q *netconf.Query, a *netconf.Answer) error {
	if q.Dst.Is6() || a.Local {
		return nil
	}
	if l := s.conf.Link(q.IIf); l != nil {
		if !l.V4.Forwarding {
			return unix.EHOSTUNREACH
		}
		return nil
	}
	if q.Src.IsValid() && q.OIf == 0 && !s.conf.IsLocal(q.Src) {
		return unix.ENETUNREACH
	}
	return nil
}

// ownRules tells whether there are rules besides the default ones. As long as there are
// none the kernel keeps the local table within the main one (fib_unmerge).
func (s *Server) ownRules() bool {
	n := 0
	for _, r := range s.conf.Rules() {
		if r.Family == unix.AF_INET {
			n++
		}
	}
	const defaults = 3
	return n > defaults
}

func anyAddr(fam uint8) netip.Addr {
	if fam == unix.AF_INET {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}

// Flags of the route of one packet (linux/in_route.h).
const (
	rtcfBroadcast = 0x10000000
	rtcfMulticast = 0x20000000
	rtcfLocal     = 0x80000000
)

// fillAnswer is rt_fill_info and rt6_fill_node: the route of one packet.
func (s *Server) fillAnswer(h nl.Header, q *netconf.Query, a *netconf.Answer) []byte {
	x := a.Route
	x.Dst = netip.PrefixFrom(q.Dst, q.Dst.BitLen())
	x.Scope = unix.RT_SCOPE_UNIVERSE
	hop := a.Hop
	if a.Local {
		hop.Link = 1
	}
	x.Hops, x.PrefSrc = []netconf.NextHop{hop}, netip.Addr{}
	src := q.Src
	if x.Family == unix.AF_INET {
		s.asCached4(x)
	} else if !src.IsValid() {
		src = netip.IPv6Unspecified()
	}
	if src.IsValid() {
		x.Src = netip.PrefixFrom(src, src.BitLen())
	}
	m := nl.New(h).Raw(routeHeader(x))
	m.Bytes(unix.RTA_DST, q.Dst.AsSlice())
	m.U32(unix.RTA_TABLE, x.Table)
	if x.Family == unix.AF_INET6 {
		m.U32(unix.RTA_PRIORITY, x.Priority)
	}
	fillHops(m, x)
	if src.IsValid() {
		m.Bytes(unix.RTA_SRC, src.AsSlice())
	}
	if a.Src.IsValid() && (x.Family == unix.AF_INET6 || a.Src != q.Src) {
		m.Bytes(unix.RTA_PREFSRC, a.Src.AsSlice())
	}
	fillMetrics(m, x)
	if x.Family == unix.AF_INET {
		if q.Mark != 0 {
			m.U32(unix.RTA_MARK, q.Mark)
		}
		m.U32(rtaUID, q.UID)
	}
	m.Bytes(unix.RTA_CACHEINFO, make([]byte, 32))
	if x.Family == unix.AF_INET6 {
		m.U8(unix.RTA_PREF, x.Pref)
	}
	return m.End()
}

// asCached4 makes an entry of a table what __mkroute_output makes of it.
func (s *Server) asCached4(x *netconf.Route) {
	x.Flags |= unix.RTM_F_CLONED
	x.Proto, x.Priority = unix.RTPROT_UNSPEC, 0
	if x.Table == unix.RT_TABLE_LOCAL && !s.ownRules() {
		x.Table = unix.RT_TABLE_MAIN
	}
	if x.Dst.Addr().IsMulticast() {
		x.Type = unix.RTN_MULTICAST
	}
	switch x.Type {
	case unix.RTN_LOCAL:
		x.Flags |= rtcfLocal
	case unix.RTN_BROADCAST:
		x.Flags |= rtcfLocal | rtcfBroadcast
	case unix.RTN_MULTICAST:
		x.Flags |= rtcfMulticast
		if x.Dst.Addr() == allHosts {
			x.Flags |= rtcfLocal
		}
	}
}

// allHosts is the group that every link is in.
var allHosts = netip.AddrFrom4([4]byte{224, 0, 0, 1})
