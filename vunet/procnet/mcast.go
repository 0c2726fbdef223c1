// SPDX-License-Identifier: Apache-2.0

package procnet

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"vuos.dev/vunet/netconf"
)

// Membership is a multicast group that an interface is a member of.
type Membership struct {
	Link  int
	Group netip.Addr
	Users int
}

// members lists the groups of a link of one address family, those joined last first: what sockets joined, and what
// the kernel joins by itself (net/ipv4/igmp.c:ip_mc_up(), net/ipv6/addrconf.c:ipv6_add_dev(), addrconf_join_solict() and
// addrconf_join_anycast()).
func members(s Stack, l *netconf.Link, six bool) (out []Membership) {
	add := func(group netip.Addr, users int) {
		if i := slices.IndexFunc(out, func(m Membership) bool { return m.Group == group }); i >= 0 {
			out[i].Users += users
			return
		}
		out = append(out, Membership{l.Index, group, users})
	}
	for _, m := range s.Memberships() {
		if m.Link == l.Index && m.Group.Is6() == six {
			add(m.Group, m.Users)
		}
	}
	if !six {
		if l.Up() {
			add(netip.AddrFrom4([4]byte{224, 0, 0, 1}), 1)
		}
		return out
	}
	if !l.IPv6() {
		return nil
	}
	var addrs []*netconf.Addr
	if !l.Loopback() {
		addrs = slices.DeleteFunc(s.Config().Addrs(), func(a *netconf.Addr) bool { return a.Link != l.Index || a.Local.Is4() })
	}
	if l.V6.Forwarding && l.Flags&unix.IFF_MULTICAST != 0 {
		for _, a := range addrs { // the routers' address of each subnet
			if subnet, err := a.Local.Prefix(a.Bits); err == nil && a.Bits < 127 {
				add(solicited(subnet.Addr()), 1)
			}
		}
		add(netip.MustParseAddr("ff05::2"), 1)
		add(netip.MustParseAddr("ff01::2"), 1)
		add(netip.MustParseAddr("ff02::2"), 1)
	}
	for _, a := range addrs {
		add(solicited(a.Local), 1)
	}
	add(netip.IPv6LinkLocalAllNodes(), 1)
	add(netip.MustParseAddr("ff01::1"), 1)
	return out
}

// solicited is the solicited-node address of an address (RFC 4291, 2.7.1).
func solicited(ip netip.Addr) netip.Addr {
	b := netip.MustParseAddr("ff02::1:ff00:0").As16()
	last := ip.As16()
	copy(b[13:], last[13:])
	return netip.AddrFrom16(b)
}

// igmp is /proc/net/igmp (igmp_mc_seq_show).
func igmp(w *bytes.Buffer, s Stack) {
	w.WriteString("Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n")
	for _, l := range s.Config().Links() {
		groups := members(s, l, false)
		if len(groups) == 0 {
			continue
		}
		fmt.Fprintf(w, "%d\t%-10s: %5d %7s\n", l.Index, l.Name, len(groups), "V3")
		for _, m := range groups {
			fmt.Fprintf(w, "\t\t\t\t%08X %5d %d:%08X\t\t%d\n", le(m.Group), m.Users, 0, 0, 0)
		}
	}
}

// Flags of the entries of /proc/net/igmp6 (MAF_*, include/net/if_inet6.h).
const (
	mafLastReporter = 2
	mafLoaded       = 4
	mafNoReport     = 8
)

// igmp6 is /proc/net/igmp6 (igmp6_mc_seq_show).
func igmp6(w *bytes.Buffer, s Stack) {
	for _, l := range s.Config().Links() {
		for _, m := range members(s, l, true) {
			flags := mafLoaded | mafLastReporter
			switch b := m.Group.As16(); {
			case m.Group == netip.IPv6LinkLocalAllNodes():
				flags = mafLoaded | mafNoReport
			case b[1]&0xf <= 1: // a scope that is not reported
				flags = mafNoReport
			}
			fmt.Fprintf(w, "%-4d %-15s %032x %5d %08X %d\n", l.Index, l.Name, m.Group.As16(), m.Users, flags, 0)
		}
	}
}

// devMcast is /proc/net/dev_mcast (dev_mc_seq_show): the addresses of Ethernet to which the groups are mapped (RFC 1112, RFC 2464).
func devMcast(w *bytes.Buffer, s Stack) {
	for _, l := range s.Config().Links() {
		if l.Type != unix.ARPHRD_ETHER {
			continue
		}
		var order [][6]byte
		users := map[[6]byte]int{}
		for _, m := range slices.Backward(append(members(s, l, true), members(s, l, false)...)) {
			if m.Group.IsInterfaceLocalMulticast() {
				continue
			}
			mac := ethernet(m.Group)
			if users[mac] == 0 {
				order = append(order, mac)
			}
			users[mac]++
		}
		for _, mac := range order {
			fmt.Fprintf(w, "%-4d %-15s %-5d %-5d %x\n", l.Index, l.Name, users[mac], 0, mac)
		}
	}
}

// ethernet maps a group to an address of Ethernet.
func ethernet(group netip.Addr) [6]byte {
	b := group.As16()
	if group.Is4() {
		return [6]byte{0x01, 0x00, 0x5e, b[13] & 0x7f, b[14], b[15]}
	}
	return [6]byte{0x33, 0x33, b[12], b[13], b[14], b[15]}
}
