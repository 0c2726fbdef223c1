// SPDX-License-Identifier: Apache-2.0

package rtnl

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/vunet/netconf"
	"vuos.dev/vunet/nl"
)

// step is one request of the comparison, with dumps of the tables after it.
type step struct {
	name string
	req  []byte
	look []uint16 // RTM_GET* to dump afterwards
}

const create = unix.NLM_F_ACK | unix.NLM_F_CREATE | unix.NLM_F_EXCL

func ifinfo(index, flags, mask uint32) []byte {
	b := make([]byte, 16)
	binary.NativeEndian.PutUint32(b[4:], index)
	binary.NativeEndian.PutUint32(b[8:], flags)
	binary.NativeEndian.PutUint32(b[12:], mask)
	return b
}

func addrReq(typ, flags uint16, link byte, prefix string, extra func(*nl.Builder)) []byte {
	p := netip.MustParsePrefix(prefix)
	fam := byte(unix.AF_INET)
	if p.Addr().Is6() {
		fam = unix.AF_INET6
	}
	return request(typ, flags, []byte{fam, byte(p.Bits()), 0, 0, link, 0, 0, 0}, func(b *nl.Builder) {
		b.Bytes(unix.IFA_LOCAL, p.Addr().AsSlice()).Bytes(unix.IFA_ADDRESS, p.Addr().AsSlice())
		if extra != nil {
			extra(b)
		}
	})
}

// routeReq is what iproute2 sends for a route.
func routeReq(typ, flags uint16, dst, via string, link uint32, extra func(*nl.Builder)) []byte {
	p := netip.MustParsePrefix(dst)
	h := []byte{unix.AF_INET, byte(p.Bits()), 0, 0, unix.RT_TABLE_MAIN, unix.RTPROT_BOOT, unix.RT_SCOPE_UNIVERSE, unix.RTN_UNICAST, 0, 0, 0, 0}
	if p.Addr().Is6() {
		h[0] = unix.AF_INET6
	} else if via == "" {
		h[6] = unix.RT_SCOPE_LINK
	}
	if typ == unix.RTM_DELROUTE {
		h[5], h[6], h[7] = 0, unix.RT_SCOPE_NOWHERE, 0
	}
	return request(typ, flags, h, func(b *nl.Builder) {
		if p.Bits() > 0 {
			b.Bytes(unix.RTA_DST, p.Addr().AsSlice())
		}
		if via != "" {
			b.Bytes(unix.RTA_GATEWAY, netip.MustParseAddr(via).AsSlice())
		}
		if link != 0 {
			b.U32(unix.RTA_OIF, link)
		}
		if extra != nil {
			extra(b)
		}
	})
}

func getRouteReq(dst string, flags uint32) []byte {
	a := netip.MustParseAddr(dst)
	h := make([]byte, 12)
	h[0], h[1] = unix.AF_INET, byte(a.BitLen())
	if a.Is6() {
		h[0] = unix.AF_INET6
	}
	binary.NativeEndian.PutUint32(h[8:], flags)
	return request(unix.RTM_GETROUTE, 0, h, func(b *nl.Builder) { b.Bytes(unix.RTA_DST, a.AsSlice()) })
}

func neighReq(typ, flags uint16, ip string, ll []byte) []byte {
	a := netip.MustParseAddr(ip)
	h := make([]byte, 12)
	h[0], h[4] = unix.AF_INET, 2
	if typ == unix.RTM_NEWNEIGH {
		h[8] = unix.NUD_PERMANENT
	}
	return request(typ, flags, h, func(b *nl.Builder) {
		b.Bytes(unix.NDA_DST, a.AsSlice())
		if ll != nil {
			b.Bytes(unix.NDA_LLADDR, ll)
		}
	})
}

func ruleReq(typ, flags uint16, prio uint32, table byte, src string) []byte {
	h := []byte{unix.AF_INET, 0, 0, 0, table, 0, 0, unix.FR_ACT_TO_TBL, 0, 0, 0, 0}
	return request(typ, flags, h, func(b *nl.Builder) {
		if prio != 0 {
			b.U32(unix.FRA_PRIORITY, prio)
		}
		if src != "" {
			p := netip.MustParsePrefix(src)
			b.Patch16(nl.HeaderLen+2, uint16(p.Bits()))
			b.Bytes(unix.FRA_SRC, p.Addr().AsSlice())
		}
	})
}

var (
	links  = []uint16{unix.RTM_GETLINK}
	all    = []uint16{unix.RTM_GETLINK, unix.RTM_GETADDR, unix.RTM_GETROUTE}
	routes = []uint16{unix.RTM_GETROUTE}
	addrs  = []uint16{unix.RTM_GETADDR, unix.RTM_GETROUTE}
	ack    = uint16(unix.NLM_F_ACK)
)

// steps is the comparison.
var steps = []step{
	{"mac", request(unix.RTM_NEWLINK, ack, ifinfo(2, 0, 0), func(b *nl.Builder) { b.Bytes(unix.IFLA_ADDRESS, mac) }), all},
	{"lo up", request(unix.RTM_NEWLINK, ack, ifinfo(1, 1, 1), nil), all},
	{"route while down", routeReq(unix.RTM_NEWROUTE, create, "10.2.0.0/16", "", 2, nil), routes},
	{"address while down", addrReq(unix.RTM_NEWADDR, create, 2, "10.1.1.1/24", nil), all},
	{"vde0 up", request(unix.RTM_NEWLINK, ack, ifinfo(2, 1, 1), nil), nil},
	{"address again", addrReq(unix.RTM_NEWADDR, create, 2, "10.1.1.1/24", nil), addrs},
	{"secondary", addrReq(unix.RTM_NEWADDR, create, 2, "10.1.1.2/24", nil), addrs},
	{"broadcast", addrReq(unix.RTM_NEWADDR, create, 2, "10.3.0.1/16", func(b *nl.Builder) { b.Bytes(unix.IFA_BROADCAST, []byte{10, 3, 255, 255}) }), addrs},
	{"/32", addrReq(unix.RTM_NEWADDR, create, 2, "10.9.9.9/32", nil), addrs},
	{"inet6", addrReq(unix.RTM_NEWADDR, create, 2, "2001:db8::1/64", func(b *nl.Builder) { b.U32(unix.IFA_FLAGS, unix.IFA_F_NODAD) }), nil},
	{"inet6 again", addrReq(unix.RTM_NEWADDR, create, 2, "2001:db8::1/64", func(b *nl.Builder) { b.U32(unix.IFA_FLAGS, unix.IFA_F_NODAD) }), nil},
	{"inet6 multicast", addrReq(unix.RTM_NEWADDR, create, 2, "ff02::5/64", nil), nil},
	{"no such link", addrReq(unix.RTM_NEWADDR, create, 9, "10.1.1.3/24", nil), nil},
	{"no such link 6", addrReq(unix.RTM_NEWADDR, create, 9, "2001:db8::3/64", nil), nil},
	{"default", routeReq(unix.RTM_NEWROUTE, create, "0.0.0.0/0", "10.1.1.254", 0, nil), routes},
	{"default again", routeReq(unix.RTM_NEWROUTE, create, "0.0.0.0/0", "10.1.1.254", 0, nil), routes},
	{"default replaced", routeReq(unix.RTM_NEWROUTE, ack|unix.NLM_F_CREATE|unix.NLM_F_REPLACE, "0.0.0.0/0", "10.1.1.253", 0, nil), routes},
	{"unreachable gateway", routeReq(unix.RTM_NEWROUTE, create, "10.4.0.0/16", "172.16.0.1", 0, nil), routes},
	{"own gateway", routeReq(unix.RTM_NEWROUTE, create, "10.4.0.0/16", "10.1.1.1", 0, nil), routes},
	{"host bits", routeReq(unix.RTM_NEWROUTE, create, "10.4.0.1/16", "10.1.1.254", 0, nil), routes},
	{"nowhere", routeReq(unix.RTM_NEWROUTE, create, "10.4.0.0/16", "", 0, nil), routes},
	{"wrong source", routeReq(unix.RTM_NEWROUTE, create, "10.4.0.0/16", "", 2, func(b *nl.Builder) { b.Bytes(unix.RTA_PREFSRC, []byte{9, 9, 9, 9}) }), routes},
	{"metric", routeReq(unix.RTM_NEWROUTE, create, "10.4.0.0/16", "10.1.1.254", 2, func(b *nl.Builder) { b.U32(unix.RTA_PRIORITY, 50) }), routes},
	{"replace nothing", routeReq(unix.RTM_NEWROUTE, ack|unix.NLM_F_REPLACE, "10.5.0.0/16", "10.1.1.254", 2, nil), routes},
	{"append", routeReq(unix.RTM_NEWROUTE, ack|unix.NLM_F_CREATE|unix.NLM_F_APPEND, "0.0.0.0/0", "10.1.1.252", 0, nil), routes},
	{"mtu metric", routeReq(unix.RTM_NEWROUTE, create, "10.6.0.0/16", "10.1.1.254", 2, func(b *nl.Builder) {
		b.Nest(unix.RTA_METRICS, func(b *nl.Builder) { b.U32(unix.RTAX_MTU, 1400) })
	}), routes},
	{"default 6", routeReq(unix.RTM_NEWROUTE, create, "::/0", "fe80::1", 2, nil), nil},
	{"default 6 again", routeReq(unix.RTM_NEWROUTE, create, "::/0", "fe80::1", 2, nil), nil},
	{"link-local gateway without link", routeReq(unix.RTM_NEWROUTE, create, "2001:db8:1::/48", "fe80::1", 0, nil), nil},
	{"route 6", routeReq(unix.RTM_NEWROUTE, create, "2001:db8:2::/48", "2001:db8::2", 0, nil), nil},
	{"unreachable gateway 6", routeReq(unix.RTM_NEWROUTE, create, "2001:db8:3::/48", "2001:db8:9::2", 2, nil), nil},
	{"get", getRouteReq("10.4.1.1", unix.RTM_F_FIB_MATCH), nil},
	{"get 2", getRouteReq("8.8.8.8", 0), nil},
	{"get local", getRouteReq("10.1.1.1", unix.RTM_F_FIB_MATCH), nil},
	{"get 6", getRouteReq("2001:db8:2::5", unix.RTM_F_FIB_MATCH), nil},
	{"delete route", routeReq(unix.RTM_DELROUTE, ack, "10.4.0.0/16", "", 0, nil), routes},
	{"delete route again", routeReq(unix.RTM_DELROUTE, ack, "10.4.0.0/16", "", 0, nil), routes},
	{"neighbour", neighReq(unix.RTM_NEWNEIGH, create, "10.1.1.9", []byte{0, 1, 2, 3, 4, 5}), []uint16{unix.RTM_GETNEIGH}},
	{"neighbour again", neighReq(unix.RTM_NEWNEIGH, create, "10.1.1.9", []byte{0, 1, 2, 3, 4, 5}), nil},
	{"delete neighbour", neighReq(unix.RTM_DELNEIGH, ack, "10.1.1.8", nil), nil},
	{"rule", ruleReq(unix.RTM_NEWRULE, create, 0, 100, "10.1.0.0/16"), []uint16{unix.RTM_GETRULE}},
	{"rule 2", ruleReq(unix.RTM_NEWRULE, create, 500, 101, "10.2.0.0/16"), []uint16{unix.RTM_GETRULE}},
	{"rule again", ruleReq(unix.RTM_NEWRULE, create, 500, 101, "10.2.0.0/16"), nil},
	{"delete rule", ruleReq(unix.RTM_DELRULE, ack, 500, 0, ""), []uint16{unix.RTM_GETRULE}},
	{"delete no rule", ruleReq(unix.RTM_DELRULE, ack, 501, 0, ""), nil},
	{"delete address", addrReq(unix.RTM_DELADDR, ack, 2, "10.3.0.1/16", nil), addrs},
	{"delete primary", addrReq(unix.RTM_DELADDR, ack, 2, "10.1.1.1/24", nil), addrs},
	{"delete no address", addrReq(unix.RTM_DELADDR, ack, 2, "10.1.1.1/24", nil), nil},
	{"delete no address 6", addrReq(unix.RTM_DELADDR, ack, 2, "2001:db8::9/64", nil), nil},
	{"get link", request(unix.RTM_GETLINK, 0, ifinfo(0, 0, 0), func(b *nl.Builder) { b.String(unix.IFLA_IFNAME, "vde0") }), nil},
	{"get no link", request(unix.RTM_GETLINK, 0, ifinfo(77, 0, 0), nil), nil},
	{"mtu", request(unix.RTM_NEWLINK, ack, ifinfo(2, 0, 0), func(b *nl.Builder) { b.U32(unix.IFLA_MTU, 1400) }), links},
	{"mtu too small", request(unix.RTM_NEWLINK, ack, ifinfo(2, 0, 0), func(b *nl.Builder) { b.U32(unix.IFLA_MTU, 10) }), nil},
	{"mtu too large", request(unix.RTM_NEWLINK, ack, ifinfo(2, 0, 0), func(b *nl.Builder) { b.U32(unix.IFLA_MTU, 100000) }), nil},
	{"alias", request(unix.RTM_NEWLINK, ack, ifinfo(2, 0, 0), func(b *nl.Builder) { b.Bytes(unix.IFLA_IFALIAS, []byte("outside")) }), links},
	{"strict header", request(unix.RTM_GETLINK, unix.NLM_F_DUMP, ifinfo(0, 1, 0), nil), nil},
	{"strict index", request(unix.RTM_GETLINK, unix.NLM_F_DUMP, ifinfo(2, 0, 0), nil), nil},
	{"strict short", request(unix.RTM_GETADDR, unix.NLM_F_DUMP, []byte{unix.AF_INET}, nil), nil},
	{"addresses of one link", request(unix.RTM_GETADDR, unix.NLM_F_DUMP, []byte{unix.AF_INET, 0, 0, 0, 1, 0, 0, 0}, nil), nil},
	{"addresses of no link", request(unix.RTM_GETADDR, unix.NLM_F_DUMP, []byte{unix.AF_INET, 0, 0, 0, 99, 0, 0, 0}, nil), nil},
	{"unknown type", request(unix.RTM_MAX+5, ack, make([]byte, 16), nil), nil},
	{"vde0 down", request(unix.RTM_NEWLINK, ack, ifinfo(2, 0, 1), nil), all},
	{"rename", request(unix.RTM_NEWLINK, ack, ifinfo(2, 0, 0), func(b *nl.Builder) { b.String(unix.IFLA_IFNAME, "wan") }), links},
	{"rename to taken", request(unix.RTM_NEWLINK, ack, ifinfo(2, 0, 0), func(b *nl.Builder) { b.String(unix.IFLA_IFNAME, "lo") }), nil},
}

// TestLikeTheKernel sends the same requests to the kernel and to a Server, and compares
// answers and tables attribute by attribute.
func TestLikeTheKernel(t *testing.T) {
	tap := inNamespace(t)
	defer tap.Close()
	k := newKernel(t)
	conf := testConfig()
	o := newOurs(t, conf)
	for _, s := range steps {
		compareAnswers(t, s.name, k.ask(s.req), o.ask(s.req))
		if s.name == "vde0 up" {
			waitAssigned(t, k)
			for _, a := range conf.Addrs() {
				conf.AddrState(a.Link, a.Local, false)
			}
			compareTables(t, s.name, k, o, all)
		}
		if s.name == "inet6" {
			waitRoutes(t, k, len(o.ask(dump(unix.RTM_GETROUTE, unix.AF_INET6))))
		}
		compareTables(t, s.name, k, o, s.look)
		if s.look == nil && t.Failed() {
			compareTables(t, s.name, k, o, addrs)
		}
	}
}

func compareTables(t *testing.T, name string, k *kernel, o *ours, look []uint16) {
	t.Helper()
	for _, typ := range look {
		families := []byte{unix.AF_INET, unix.AF_INET6}
		if typ == unix.RTM_GETLINK {
			families = []byte{0}
		}
		for _, fam := range families {
			req := dump(typ, fam)
			compareAnswers(t, name+": dump", withoutNoARP(k.ask(req)), o.ask(req))
		}
	}
}

// withoutNoARP leaves out the multicast neighbours that the kernel makes as it goes.
func withoutNoARP(in []nl.Message) (out []nl.Message) {
	for _, m := range in {
		if m.Type != unix.RTM_NEWNEIGH || binary.NativeEndian.Uint16(m.Body[8:]) != unix.NUD_NOARP {
			out = append(out, m)
		}
	}
	return out
}

var _ netconf.Backend = (*idle)(nil)
