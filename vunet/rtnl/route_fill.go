// SPDX-License-Identifier: Apache-2.0

package rtnl

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"vuos.dev/vunet/netconf"
	"vuos.dev/vunet/nl"
)

// Attributes of routes that x/sys/unix lacks (linux/rtnetlink.h).
const (
	rtaUID     = 25
	rtaIPProto = 27
	rtaSport   = 28
	rtaDport   = 29
	rtaNHID    = 30
)

// routeHeader is struct rtmsg.
func routeHeader(r *netconf.Route) []byte {
	b := make([]byte, unix.SizeofRtMsg)
	b[0], b[1], b[2], b[3] = r.Family, uint8(r.Dst.Bits()), 0, r.TOS
	if r.Src.IsValid() {
		b[2] = uint8(r.Src.Bits())
	}
	b[4] = unix.RT_TABLE_COMPAT
	if r.Table < 256 {
		b[4] = uint8(r.Table)
	}
	b[5], b[6], b[7] = r.Proto, r.Scope, r.Type
	flags := r.Flags
	if len(r.Hops) == 1 {
		flags |= r.Hops[0].Flags
	}
	binary.NativeEndian.PutUint32(b[8:], flags)
	return b
}

// fillRoute is fib_dump_info and rt6_fill_node.
func fillRoute(h nl.Header, r *netconf.Route) []byte {
	m := nl.New(h).Raw(routeHeader(r))
	m.U32(unix.RTA_TABLE, r.Table)
	if r.Dst.Bits() > 0 {
		m.Bytes(unix.RTA_DST, r.Dst.Addr().AsSlice())
	}
	if r.Src.IsValid() && r.Src.Bits() > 0 {
		m.Bytes(unix.RTA_SRC, r.Src.Addr().AsSlice())
	}
	six := r.Family == unix.AF_INET6
	if six || r.Priority != 0 {
		m.U32(unix.RTA_PRIORITY, r.Priority)
	}
	fillMetrics(m, r)
	if r.PrefSrc.IsValid() {
		m.Bytes(unix.RTA_PREFSRC, r.PrefSrc.AsSlice())
	}
	fillHops(m, r)
	if r.Realm != 0 {
		m.U32(unix.RTA_FLOW, r.Realm)
	}
	if six {
		left := uint32(0)
		if !r.Expires.IsZero() {
			left = secondsLeft(r.Expires) * 100
		}
		m.Bytes(unix.RTA_CACHEINFO, words([]uint32{0, 0, left, 0, 0, 0, 0, 0}))
		m.U8(unix.RTA_PREF, r.Pref)
	}
	return m.End()
}

func fillMetrics(m *nl.Builder, r *netconf.Route) {
	if r.CC == "" && !slices.ContainsFunc(r.Metrics[:], func(v uint32) bool { return v != 0 }) {
		return
	}
	m.Nest(unix.RTA_METRICS, func(m *nl.Builder) {
		for typ, v := range r.Metrics {
			if typ != unix.RTAX_CC_ALGO && v != 0 {
				m.U32(typ, v)
			}
		}
		if r.CC != "" {
			m.String(unix.RTAX_CC_ALGO, r.CC)
		}
	})
}

// fillHops appends where a route leads: RTA_GATEWAY and RTA_OIF, or RTA_MULTIPATH.
func fillHops(m *nl.Builder, r *netconf.Route) {
	if len(r.Hops) == 1 {
		fillGateway(m, r.Family, r.Hops[0].Gateway)
		m.U32(unix.RTA_OIF, uint32(r.Hops[0].Link))
		return
	}
	if len(r.Hops) == 0 {
		return
	}
	m.Nest(unix.RTA_MULTIPATH, func(m *nl.Builder) {
		for _, h := range r.Hops {
			at := m.Len()
			nh := make([]byte, unix.SizeofRtNexthop)
			nh[2], nh[3] = uint8(h.Flags), h.Weight
			binary.NativeEndian.PutUint32(nh[4:], uint32(h.Link))
			m.Data(nh)
			fillGateway(m, r.Family, h.Gateway)
			m.Patch16(at, uint16(m.Len()-at))
		}
	})
}

func fillGateway(m *nl.Builder, fam uint8, gw netip.Addr) {
	if !gw.IsValid() {
		return
	}
	if gw.Is6() && fam == unix.AF_INET {
		m.Bytes(unix.RTA_VIA, append(binary.NativeEndian.AppendUint16(nil, unix.AF_INET6), gw.AsSlice()...))
		return
	}
	m.Bytes(unix.RTA_GATEWAY, gw.AsSlice())
}

// tableHash is by what tables are listed (FIB_TABLE_HASHSZ, FIB6_TABLE_HASHSZ).
const tableHash = 256

// dumpOrder is the order in which the kernel walks its tables: by table, then the
// IPv4 trie by prefix with the longest first, or the IPv6 tree with what is contained
// before what contains it.
func dumpOrder(a, b *netconf.Route) int {
	switch {
	case a.Family != b.Family:
		return int(a.Family) - int(b.Family)
	case a.Table%tableHash != b.Table%tableHash:
		return compare(a.Table%tableHash, b.Table%tableHash)
	case a.Table != b.Table:
		return compare(a.Table, b.Table)
	case a.Dst == b.Dst:
		return compare(a.Priority, b.Priority)
	case a.Family == unix.AF_INET6 && a.Dst.Overlaps(b.Dst):
		return b.Dst.Bits() - a.Dst.Bits()
	}
	if d := a.Dst.Addr().Compare(b.Dst.Addr()); d != 0 {
		return d
	}
	return b.Dst.Bits() - a.Dst.Bits()
}

func compare(a, b uint32) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
