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
	if !found && r.Strict && hdr[0] == unix.AF_INET && table > 255 {
		return fail(unix.ENOENT, "ipv4: FIB table does not exist")
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

// fillAnswer is rt_fill_info: the cached route of one packet.
func (s *Server) fillAnswer(h nl.Header, q *netconf.Query, a *netconf.Answer) []byte {
	x := a.Route
	x.Dst = netip.PrefixFrom(q.Dst, q.Dst.BitLen())
	x.Flags |= unix.RTM_F_CLONED
	x.Scope = unix.RT_SCOPE_UNIVERSE
	hop := a.Hop
	if a.Local {
		hop.Link = 1
		if x.Family == unix.AF_INET {
			x.Flags |= 0x80000000 // RTCF_LOCAL
		}
	}
	if x.Family == unix.AF_INET {
		x.Proto = unix.RTPROT_UNSPEC
		x.Priority = 0
	}
	x.Hops, x.PrefSrc = []netconf.NextHop{hop}, netip.Addr{}
	m := nl.New(h).Raw(routeHeader(x))
	m.Bytes(unix.RTA_DST, q.Dst.AsSlice())
	m.U32(unix.RTA_TABLE, x.Table)
	if x.Family == unix.AF_INET6 {
		m.U32(unix.RTA_PRIORITY, x.Priority)
	}
	fillHops(m, x)
	if q.Src.IsValid() {
		m.Bytes(unix.RTA_SRC, q.Src.AsSlice())
	} else if a.Src.IsValid() {
		m.Bytes(unix.RTA_PREFSRC, a.Src.AsSlice())
	}
	fillMetrics(m, x)
	if x.Family == unix.AF_INET {
		m.U32(rtaUID, q.UID)
	}
	m.Bytes(unix.RTA_CACHEINFO, make([]byte, 32))
	if x.Family == unix.AF_INET6 {
		m.U8(unix.RTA_PREF, x.Pref)
	}
	return m.End()
}
