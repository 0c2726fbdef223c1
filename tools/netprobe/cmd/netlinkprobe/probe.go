// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// probe is a link that is configured with vishvananda/netlink, with subscriptions to what changes.
type probe struct {
	link netlink.Link
	w    io.Writer

	linkEvents  chan netlink.LinkUpdate
	addrEvents  chan netlink.AddrUpdate
	routeEvents chan netlink.RouteUpdate
}

// events is the most that is waiting to be looked at.
const events = 100

func newProbe(name string, w io.Writer) (*probe, error) {
	l, err := netlink.LinkByName(name)
	if err != nil {
		return nil, err
	}
	p := &probe{link: l, w: w, linkEvents: make(chan netlink.LinkUpdate, events), addrEvents: make(chan netlink.AddrUpdate, events), routeEvents: make(chan netlink.RouteUpdate, events)}
	return p, errors.Join(
		netlink.LinkSubscribe(p.linkEvents, nil),
		netlink.AddrSubscribe(p.addrEvents, nil),
		netlink.RouteSubscribe(p.routeEvents, nil),
	)
}

func (p *probe) say(what string, values ...any) {
	fmt.Fprintln(p.w, append([]any{what + ":"}, values...)...)
}

// tell prints how a request ended.
func (p *probe) tell(what string, err error) {
	var e syscall.Errno
	if errors.As(err, &e) {
		p.say(what, unix.ErrnoName(e))
		return
	}
	p.say(what, err)
}

func (p *probe) links() {
	p.tell("up", netlink.LinkSetUp(p.link))
	p.tell("mtu", netlink.LinkSetMTU(p.link, 1400))
	p.tell("mtu too small", netlink.LinkSetMTU(p.link, 20))
	p.tell("alias", netlink.LinkSetAlias(p.link, "probed"))
	p.tell("queue", netlink.LinkSetTxQLen(p.link, 500))
	p.tell("address", netlink.LinkSetHardwareAddr(p.link, net.HardwareAddr{2, 0, 0, 0, 0, 9}))
	p.tell("no group address", netlink.LinkSetHardwareAddr(p.link, net.HardwareAddr{1, 0, 0, 0, 0, 9}))
	p.tell("master", netlink.LinkSetMasterByIndex(p.link, 1))
	p.tell("new bridge", netlink.LinkAdd(&netlink.GenericLink{LinkAttrs: netlink.LinkAttrs{Name: "x0"}, LinkType: "nosuchkind"}))
	_, err := netlink.LinkByName("nosuch")
	p.say("no such link", err)
	l, err := netlink.LinkByIndex(p.link.Attrs().Index)
	p.tell("again", err)
	a := l.Attrs()
	p.say("link", a.Name, a.MTU, a.Alias, a.TxQLen, a.HardwareAddr, a.Flags&net.FlagUp, a.EncapType)
	all, err := netlink.LinkList()
	p.tell("list", err)
	for _, l := range all {
		p.say("link", l.Attrs().Index, l.Attrs().Name)
	}
}

func (p *probe) addresses() {
	add := func(text string, f func(*netlink.Addr)) {
		a, err := netlink.ParseAddr(text)
		if err != nil {
			p.say(text, err)
			return
		}
		if f != nil {
			f(a)
		}
		p.tell("add "+text, netlink.AddrAdd(p.link, a))
	}
	add("10.7.1.1/24", nil)
	add("10.7.1.1/24", nil)
	add("10.7.1.2/24", nil)
	add("10.7.2.1/24", func(a *netlink.Addr) { a.Label = p.link.Attrs().Name + ":1" })
	add("10.7.3.1/24", func(a *netlink.Addr) { a.ValidLft, a.PreferedLft = 1000, 500 })
	add("10.7.4.1/32", func(a *netlink.Addr) { a.Peer = &net.IPNet{IP: net.IPv4(10, 7, 5, 1), Mask: net.CIDRMask(32, 32)} })
	add("fd07::1/64", func(a *netlink.Addr) { a.Flags = unix.IFA_F_NODAD })
	add("fd07::1/64", func(a *netlink.Addr) { a.Flags = unix.IFA_F_NODAD })
	add("ff02::9/64", nil)
	a, _ := netlink.ParseAddr("10.7.2.1/24")
	a.Label = p.link.Attrs().Name + ":1"
	p.tell("delete", netlink.AddrDel(p.link, a))
	p.tell("delete again", netlink.AddrDel(p.link, a))
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		list, err := netlink.AddrList(p.link, family)
		p.tell("addresses", err)
		for _, a := range list {
			if !a.IP.IsLinkLocalUnicast() {
				p.say("address", a.IPNet, a.Peer, a.Label, a.Scope, a.Flags, a.Broadcast, a.ValidLft > 0)
			}
		}
	}
}

// network parses a prefix that is right.
func network(s string) *net.IPNet {
	_, n, err := net.ParseCIDR(s)
	if err != nil {
		panic(err)
	}
	return n
}

func (p *probe) routes() {
	index := p.link.Attrs().Index
	add := func(what string, r netlink.Route) { p.tell("route "+what, netlink.RouteAdd(&r)) }
	add("default", netlink.Route{Gw: net.IPv4(10, 7, 1, 254)})
	add("default again", netlink.Route{Gw: net.IPv4(10, 7, 1, 254)})
	add("link", netlink.Route{LinkIndex: index, Dst: network("10.8.0.0/16"), Scope: netlink.SCOPE_LINK})
	add("metrics", netlink.Route{LinkIndex: index, Dst: network("10.9.0.0/16"), Gw: net.IPv4(10, 7, 1, 253), MTU: 1300, AdvMSS: 1200, Priority: 7, Protocol: 4})
	add("onlink", netlink.Route{LinkIndex: index, Dst: network("10.10.0.0/16"), Gw: net.IPv4(172, 16, 0, 1), Flags: int(netlink.FLAG_ONLINK)})
	add("unreachable gateway", netlink.Route{Dst: network("10.11.0.0/16"), Gw: net.IPv4(172, 16, 0, 1)})
	add("blackhole", netlink.Route{Dst: network("10.12.0.0/16"), Type: unix.RTN_BLACKHOLE})
	add("table", netlink.Route{LinkIndex: index, Dst: network("10.13.0.0/16"), Table: 77, Scope: netlink.SCOPE_LINK})
	add("two ways", netlink.Route{Dst: network("10.14.0.0/16"), MultiPath: []*netlink.NexthopInfo{{LinkIndex: index, Gw: net.IPv4(10, 7, 1, 251)}, {LinkIndex: index, Gw: net.IPv4(10, 7, 1, 252), Hops: 3}}})
	add("inet6", netlink.Route{LinkIndex: index, Dst: network("fd08::/32"), Gw: net.ParseIP("fd07::9")})
	p.tell("replace", netlink.RouteReplace(&netlink.Route{Dst: network("10.9.0.0/16"), Gw: net.IPv4(10, 7, 1, 250), Priority: 7}))
	p.tell("delete", netlink.RouteDel(&netlink.Route{Dst: network("10.8.0.0/16"), LinkIndex: index, Scope: netlink.SCOPE_LINK}))
	p.tell("delete again", netlink.RouteDel(&netlink.Route{Dst: network("10.8.0.0/16"), LinkIndex: index, Scope: netlink.SCOPE_LINK}))
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		list, err := netlink.RouteList(nil, family)
		p.tell("routes", err)
		for _, r := range list {
			if r.Dst == nil || !r.Dst.IP.IsLinkLocalUnicast() && !r.Dst.IP.IsMulticast() {
				p.say("route", r)
			}
		}
	}
	list, err := netlink.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Table: 77}, netlink.RT_FILTER_TABLE)
	p.tell("table 77", err)
	p.say("routes", list)
	for _, dst := range []string{"10.9.1.1", "10.12.1.1", "10.7.1.1", "8.8.8.8", "fd08::1"} {
		r, err := netlink.RouteGet(net.ParseIP(dst))
		p.tell("get "+dst, err)
		for _, r := range r {
			p.say("way", r.Gw, r.Src, r.LinkIndex)
		}
	}
}

func (p *probe) neighbours() {
	n := netlink.Neigh{LinkIndex: p.link.Attrs().Index, IP: net.IPv4(10, 7, 1, 77).To4(), HardwareAddr: net.HardwareAddr{2, 0, 0, 0, 0, 7}, State: netlink.NUD_PERMANENT}
	p.tell("neighbour", netlink.NeighAdd(&n))
	p.tell("neighbour again", netlink.NeighAdd(&n))
	p.tell("neighbour set", netlink.NeighSet(&n))
	list, err := netlink.NeighList(n.LinkIndex, netlink.FAMILY_V4)
	p.tell("neighbours", err)
	for _, n := range list {
		if n.State == netlink.NUD_PERMANENT {
			p.say("neighbour", n.IP, n.HardwareAddr, n.State)
		}
	}
	p.tell("neighbour delete", netlink.NeighDel(&n))
	p.tell("neighbour delete again", netlink.NeighDel(&n))
}

func (p *probe) rules() {
	r := netlink.NewRule()
	r.Src, r.Table, r.Priority = network("10.7.0.0/16"), 77, 1000
	p.tell("rule", netlink.RuleAdd(r))
	p.tell("rule again", netlink.RuleAdd(r))
	list, err := netlink.RuleList(netlink.FAMILY_V4)
	p.tell("rules", err)
	for _, r := range list {
		p.say("rule", r.Priority, r.Src, r.Table)
	}
	p.tell("rule delete", netlink.RuleDel(r))
	p.tell("rule delete again", netlink.RuleDel(r))
}

// patience is how long news may take.
const patience = 20 * time.Second

// told prints some of what the subscriptions have told by now.
func (p *probe) told() {
	p.say("told of the mtu", await(p.linkEvents, func(u netlink.LinkUpdate) bool { return u.Attrs().MTU == 1400 }))
	p.say("told of an address", await(p.addrEvents, func(u netlink.AddrUpdate) bool { return u.NewAddr && u.LinkAddress.IP.Equal(net.IPv4(10, 7, 1, 2)) }))
	p.say("told of its end", await(p.addrEvents, func(u netlink.AddrUpdate) bool { return !u.NewAddr && u.LinkAddress.IP.Equal(net.IPv4(10, 7, 2, 1)) }))
	p.say("told of a route", await(p.routeEvents, func(u netlink.RouteUpdate) bool {
		return u.Type == unix.RTM_NEWROUTE && u.Dst != nil && u.Dst.String() == "10.9.0.0/16"
	}))
}

func await[T any](events <-chan T, is func(T) bool) bool {
	for late := time.After(patience); ; {
		select {
		case e := <-events:
			if is(e) {
				return true
			}
		case <-late:
			return false
		}
	}
}
