// SPDX-License-Identifier: Apache-2.0

package rtnl

import (
	"encoding/binary"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/vunet/netconf"
	"vuos.dev/vunet/nl"
	"vuos.dev/vunet/nlsock"
)

// parseRoute decodes RTM_NEWROUTE and RTM_DELROUTE (rtm_to_fib_config,
// rtm_to_fib6_config).
func parseRoute(r *nlsock.Request) (*netconf.Route, nl.Attrs, error) {
	hdr, attrs, err := parse(r, unix.SizeofRtMsg)
	if err != nil {
		return nil, nil, err
	}
	fam := hdr[0]
	if fam != unix.AF_INET && fam != unix.AF_INET6 {
		return nil, nil, unix.EOPNOTSUPP
	}
	x := &netconf.Route{
		Family: fam, Table: uint32(hdr[4]), TOS: hdr[3], Scope: hdr[6], Type: hdr[7], Proto: hdr[5],
	}
	if x.Type > unix.RTN_NAT {
		return nil, nil, fail(unix.EINVAL, "Invalid route type")
	}
	if x.Dst, err = prefix(attrs, unix.RTA_DST, fam, hdr[1]); err != nil {
		return nil, nil, err
	}
	if x.Src, err = prefix(attrs, unix.RTA_SRC, fam, hdr[2]); err != nil {
		return nil, nil, err
	}
	if t, ok := attrs.U32(unix.RTA_TABLE); ok {
		x.Table = t
	}
	if x.Table == 0 {
		x.Table = unix.RT_TABLE_MAIN
	}
	x.Priority, _ = attrs.U32(unix.RTA_PRIORITY)
	x.PrefSrc = attrs.IP(unix.RTA_PREFSRC, fam)
	x.Pref, _ = attrs.U8(unix.RTA_PREF)
	if fam == unix.AF_INET6 {
		x.Scope, x.TOS = 0, 0
	}
	if _, ok := attrs[rtaNHID]; ok {
		for _, typ := range []int{unix.RTA_OIF, unix.RTA_GATEWAY, unix.RTA_VIA, unix.RTA_MULTIPATH, unix.RTA_ENCAP} {
			if attrs.Has(typ) {
				return nil, nil, fail(unix.EINVAL, "Nexthop specification and nexthop id are mutually exclusive")
			}
		}
		return nil, nil, fail(unix.EINVAL, "Nexthop id does not exist")
	}
	if a, ok := attrs[unix.RTA_ENCAP]; ok {
		return nil, nil, failAt(unix.EOPNOTSUPP, "", a)
	}
	if sec, ok := attrs.U32(unix.RTA_EXPIRES); ok && fam == unix.AF_INET6 && sec != 0 {
		x.Expires = time.Now().Add(time.Duration(sec) * time.Second)
	}
	if fam == unix.AF_INET {
		x.Realm, _ = attrs.U32(unix.RTA_FLOW)
	}
	if err := parseMetrics(x, attrs); err != nil {
		return nil, nil, err
	}
	return x, attrs, parseHops(x, attrs, binary.NativeEndian.Uint32(hdr[8:]))
}

func prefix(attrs nl.Attrs, typ int, fam, bits uint8) (netip.Prefix, error) {
	ip := attrs.IP(typ, fam)
	if a, ok := attrs[typ]; ok && !ip.IsValid() && int(bits) > 0 {
		return netip.Prefix{}, failAt(unix.EINVAL, "Invalid address length", a)
	}
	if !ip.IsValid() {
		ip = anyAddr(fam)
	}
	if int(bits) > ip.BitLen() {
		return netip.Prefix{}, fail(unix.EINVAL, "Invalid prefix length")
	}
	p := netip.PrefixFrom(ip, int(bits))
	if fam == unix.AF_INET6 {
		p = p.Masked()
	}
	return p, nil
}

func parseMetrics(x *netconf.Route, attrs nl.Attrs) error {
	a, ok := attrs[unix.RTA_METRICS]
	if !ok {
		return nil
	}
	for _, m := range nl.ListAttrs(a.Value, a.Offset+4) {
		switch {
		case m.Type == unix.RTAX_UNSPEC:
		case m.Type > unix.RTAX_MAX:
			return failAt(unix.EINVAL, "Invalid metric type", m)
		case m.Type == unix.RTAX_CC_ALGO:
			x.CC, _ = nl.Attrs{0: m}.String(0)
			if x.CC != "cubic" && x.CC != "reno" {
				return failAt(unix.EINVAL, "Unknown tcp congestion algorithm", m)
			}
		case len(m.Value) < 4:
			return failAt(unix.EINVAL, "Invalid attribute in metrics", m)
		default:
			x.Metrics[m.Type] = binary.NativeEndian.Uint32(m.Value)
		}
	}
	return nil
}

// parseHops reads where the route leads.
func parseHops(x *netconf.Route, attrs nl.Attrs, flags uint32) error {
	if mp, ok := attrs[unix.RTA_MULTIPATH]; ok && len(mp.Value) > 0 {
		return parseMultipath(x, mp)
	}
	h := netconf.NextHop{Gateway: attrs.IP(unix.RTA_GATEWAY, x.Family), Flags: flags & unix.RTNH_F_ONLINK}
	if via, ok := attrs[unix.RTA_VIA]; ok {
		if h.Gateway.IsValid() {
			return fail(unix.EINVAL, "Nexthop configuration can not contain both GATEWAY and VIA")
		}
		return failAt(unix.EOPNOTSUPP, "IPv6 gateways of IPv4 routes are not supported by this stack", via)
	}
	if h.Gateway.IsValid() && h.Gateway.IsUnspecified() {
		h.Gateway = netip.Addr{}
	}
	if v, ok := attrs.U32(unix.RTA_OIF); ok {
		h.Link = int(v)
	}
	if h.Link != 0 || h.Gateway.IsValid() {
		x.Hops = []netconf.NextHop{h}
	}
	return nil
}

func parseMultipath(x *netconf.Route, mp nl.Attr) error {
	for b, off := mp.Value, mp.Offset+4; len(b) >= unix.SizeofRtNexthop; {
		n := int(binary.NativeEndian.Uint16(b))
		if n < unix.SizeofRtNexthop || n > len(b) {
			return failAt(unix.EINVAL, "Invalid nexthop configuration - extra data after nexthop", mp)
		}
		attrs, _ := nl.ParseAttrs(b[unix.SizeofRtNexthop:n], off+unix.SizeofRtNexthop)
		h := netconf.NextHop{
			Flags: uint32(b[2]) & unix.RTNH_F_ONLINK, Weight: b[3],
			Link: int(binary.NativeEndian.Uint32(b[4:])), Gateway: attrs.IP(unix.RTA_GATEWAY, x.Family),
		}
		x.Hops = append(x.Hops, h)
		step := min((n+3)&^3, len(b))
		b, off = b[step:], off+step
	}
	if len(x.Hops) == 0 {
		return failAt(unix.EINVAL, "Invalid nexthop configuration - no nexthops", mp)
	}
	return nil
}

// newRoute is RTM_NEWROUTE (inet_rtm_newroute, inet6_rtm_newroute).
func (s *Server) newRoute(r *nlsock.Request) error {
	x, _, err := parseRoute(r)
	if err != nil {
		return err
	}
	if x.Type == unix.RTN_UNSPEC {
		x.Type = unix.RTN_UNICAST
	}
	return s.conf.AddRoute(x, r.Flags)
}

// delRoute is RTM_DELROUTE (inet_rtm_delroute, inet6_rtm_delroute).
func (s *Server) delRoute(r *nlsock.Request) error {
	x, attrs, err := parseRoute(r)
	if err != nil {
		return err
	}
	m := netconf.RouteMatch{
		Route: *x, HasPriority: attrs.Has(unix.RTA_PRIORITY),
		HasPrefSrc: attrs.Has(unix.RTA_PREFSRC), HasMetrics: attrs.Has(unix.RTA_METRICS),
	}
	return s.conf.DelRoute(&m)
}
