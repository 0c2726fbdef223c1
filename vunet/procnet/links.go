// SPDX-License-Identifier: Apache-2.0

package procnet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"

	"vuos.dev/vunet/netconf"
)

// dev is /proc/net/dev (dev_seq_show).
func dev(w *bytes.Buffer, s Stack) {
	w.WriteString("Inter-|   Receive                                                |  Transmit\n" +
		" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n")
	for _, l := range s.Config().Links() {
		st := s.Config().Stats(l.Index)
		fmt.Fprintf(w, "%6s: %7d %7d %4d %4d %4d %5d %10d %9d %8d %7d %4d %4d %4d %5d %7d %10d\n",
			l.Name, st.RxBytes, st.RxPackets, st.RxErrors, st.RxDropped, 0, st.RxLength, 0, st.Multicast,
			st.TxBytes, st.TxPackets, st.TxErrors, st.TxDropped, 0, 0, st.TxCarrier, 0)
	}
}

// le is an IPv4 address as the kernel prints it in hexadecimal: the word in the
// machine's order.
func le(ip netip.Addr) uint32 {
	if !ip.IsValid() {
		return 0
	}
	return binary.NativeEndian.Uint32(ip.AsSlice())
}

// route is /proc/net/route (fib_route_seq_show): the main table without local and
// broadcast routes, padded to 127 columns.
func route(w *bytes.Buffer, s Stack) {
	fmt.Fprintf(w, "%-127s\n", "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT")
	routes := s.Config().Routes()
	for i := len(routes) - 1; i >= 0; i-- {
		r := routes[i]
		if r.Family != unix.AF_INET || r.Table != unix.RT_TABLE_MAIN || r.Type == unix.RTN_BROADCAST || r.Type == unix.RTN_MULTICAST {
			continue
		}
		name, flags := "*", uint32(unix.RTF_UP)
		if l := s.Config().Link(r.Link()); l != nil {
			name = l.Name
		}
		if r.Gateway().IsValid() {
			flags |= unix.RTF_GATEWAY
		}
		if r.Dst.Bits() == 32 {
			flags |= unix.RTF_HOST
		}
		if r.Type == unix.RTN_UNREACHABLE || r.Type == unix.RTN_PROHIBIT { // and not a blackhole
			flags |= unix.RTF_REJECT
		}
		var mask [4]byte
		binary.BigEndian.PutUint32(mask[:], uint32(^uint64(0)<<(32-r.Dst.Bits())))
		line := fmt.Sprintf("%s\t%08X\t%08X\t%04X\t%d\t%d\t%d\t%08X\t%d\t%d\t%d", name, le(r.Dst.Addr()), le(r.Gateway()),
			flags, 0, 0, r.Priority, le(netip.AddrFrom4(mask)), r.Metrics[unix.RTAX_ADVMSS], r.Metrics[unix.RTAX_WINDOW], r.Metrics[unix.RTAX_RTT]>>3)
		fmt.Fprintf(w, "%-127s\n", line)
	}
}

// arp is /proc/net/arp (arp_seq_show).
func arp(w *bytes.Buffer, s Stack) {
	w.WriteString("IP address       HW type     Flags       HW address            Mask     Device\n")
	for _, n := range s.Config().Neighbours(0, unix.AF_INET) {
		l := s.Config().Link(n.Link)
		if l == nil {
			continue
		}
		mac := net.HardwareAddr(n.LLAddr)
		flags := 0
		if len(mac) > 0 {
			flags = 2
		} else {
			mac = make(net.HardwareAddr, 6)
		}
		if n.State == unix.NUD_PERMANENT {
			flags |= 4
		}
		fmt.Fprintf(w, "%-16s 0x%-10x0x%-10x%-17s     *        %s\n", n.IP, l.Type, flags, mac, l.Name)
	}
}

// ifInet6 is /proc/net/if_inet6 (if6_seq_show).
func ifInet6(w *bytes.Buffer, s Stack) {
	for _, a := range s.Config().Addrs() {
		l := s.Config().Link(a.Link)
		if a.Local.Is4() || l == nil {
			continue
		}
		fmt.Fprintf(w, "%032x %02x %02x %02x %02x %8s\n", a.Local.As16(), a.Link, a.Bits, scope6(a), uint8(a.Flags), l.Name)
	}
}

// scope6 is the scope as IPV6_ADDR_* bits, which this file shows.
func scope6(a *netconf.Addr) uint8 {
	switch a.Scope {
	case unix.RT_SCOPE_HOST:
		return 0x10
	case unix.RT_SCOPE_LINK:
		return 0x20
	case unix.RT_SCOPE_SITE:
		return 0x40
	}
	return 0
}

// ipv6Route is /proc/net/ipv6_route (ipv6_route_native_seq_show).
func ipv6Route(w *bytes.Buffer, s Stack) {
	for _, r := range s.Config().Routes() {
		if r.Family != unix.AF_INET6 {
			continue
		}
		name, flags := "", uint32(unix.RTF_UP)
		if l := s.Config().Link(r.Link()); l != nil {
			name = l.Name
		}
		gw := netip.IPv6Unspecified()
		if g := r.Gateway(); g.IsValid() {
			gw = g
			flags |= unix.RTF_GATEWAY
		}
		if r.Dst.Bits() == 128 {
			flags |= unix.RTF_HOST
		}
		if r.Type == unix.RTN_LOCAL {
			flags |= 0x80000000 // RTF_LOCAL
		}
		if r.Reject() != 0 {
			flags |= unix.RTF_REJECT
		}
		fmt.Fprintf(w, "%032x %02x %032x 00 %032x %08x %08x %08x %08x %8s\n", r.Dst.Addr().As16(), r.Dst.Bits(),
			[16]byte{}, gw.As16(), r.Priority, 1, 0, flags, name)
	}
}

// wireless is /proc/net/wireless, which has no entries here.
func wireless(w *bytes.Buffer, _ Stack) {
	w.WriteString("Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n" +
		" face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22\n")
}
