// SPDX-License-Identifier: Apache-2.0

package procnet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"

	"vuos.dev/vunet/diag"
)

// Kinds of datagram sockets that have files of their own.
const (
	protoNone = iota
	protoUDP
	protoRaw
	protoPing
)

// hexAddr prints an address and port as the socket files do: 32 bit words in the
// machine's order.
func hexAddr(a netip.AddrPort, six bool) string {
	b := a.Addr().AsSlice()
	if six {
		x := a.Addr().As16()
		b = x[:]
	}
	s := ""
	for i := 0; i+4 <= len(b); i += 4 {
		s += fmt.Sprintf("%08X", binary.NativeEndian.Uint32(b[i:]))
	}
	return fmt.Sprintf("%s:%04X", s, a.Port())
}

func family(six bool) uint8 {
	if six {
		return unix.AF_INET6
	}
	return unix.AF_INET
}

// tcp is /proc/net/tcp and tcp6 (tcp4_seq_show, tcp6_seq_show).
func tcp(w *bytes.Buffer, s Stack, six bool) {
	if six {
		w.WriteString("  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n")
	} else {
		fmt.Fprintf(w, "%-149s\n", "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode")
	}
	i := 0
	for _, x := range s.Sockets() {
		if x.Protocol != unix.IPPROTO_TCP || x.Type != unix.SOCK_STREAM || x.Family != family(six) || x.State == diag.Close {
			continue
		}
		unsent := x.SendQueue
		if x.State == diag.Listen {
			unsent = 0 // only sock_diag shows the backlog
		}
		line := fmt.Sprintf("%4d: %s %s %02X %08X:%08X %02X:%08X %08X %5d %8d %d %d %016x %d %d %d %d %d",
			i, hexAddr(x.Local, six), hexAddr(x.Remote, six), x.State, unsent, x.RecvQueue, 0, 0, 0,
			x.UID, 0, x.Inode, 1, 0, 20, 4, 30, 10, -1)
		if six {
			fmt.Fprintf(w, "%s\n", line)
		} else {
			fmt.Fprintf(w, "%-149s\n", line)
		}
		i++
	}
}

// datagram is /proc/net/udp, raw, icmp and their IPv6 forms (udp4_seq_show,
// __ip6_dgram_sock_seq_show).
func datagram(w *bytes.Buffer, s Stack, kind int, six bool) {
	if six {
		w.WriteString("  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n")
	} else {
		const columns = "sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops"
		switch kind {
		case protoRaw:
			w.WriteString("  " + columns + "\n")
		case protoPing:
			fmt.Fprintf(w, "%-127s\n", "  "+columns)
		default:
			fmt.Fprintf(w, "%-127s\n", "   "+columns)
		}
	}
	for i, x := range s.Sockets() {
		if x.Family != family(six) || kindOf(&x) != kind {
			continue
		}
		number := fmt.Sprintf("%5d", i)
		if kind == protoRaw {
			number = fmt.Sprintf("%4d", i)
		}
		line := fmt.Sprintf("%s: %s %s %02X %08X:%08X %02X:%08X %08X %5d %8d %d %d %016x %d",
			number, hexAddr(x.Local, six), hexAddr(x.Remote, six), x.State, x.SendQueue, x.RecvQueue, 0, 0, 0,
			x.UID, 0, x.Inode, 2, 0, x.Drops)
		if six || kind == protoRaw {
			fmt.Fprintf(w, "%s\n", line)
		} else {
			fmt.Fprintf(w, "%-127s\n", line)
		}
	}
}

func kindOf(x *diag.Socket) int {
	switch {
	case x.Type == unix.SOCK_RAW:
		return protoRaw
	case x.Type != unix.SOCK_DGRAM:
		return protoNone - 1
	case x.Protocol == unix.IPPROTO_UDP:
		return protoUDP
	case x.Protocol == unix.IPPROTO_ICMP, x.Protocol == unix.IPPROTO_ICMPV6:
		return protoPing
	}
	return protoNone - 1
}

// packet is /proc/net/packet (packet_seq_show).
func packet(w *bytes.Buffer, s Stack) {
	w.WriteString("sk               RefCnt Type Proto  Iface R Rmem   User   Inode\n")
	for _, x := range s.Sockets() {
		if x.Family == unix.AF_PACKET {
			fmt.Fprintf(w, "%016x %-6d %-4d %04x   %-5d %d %-6d %-6d %-6d\n", 0, 3, x.Type, x.PacketType, x.Link, 1, x.RecvQueue, x.UID, x.Inode)
		}
	}
}

// netlink is /proc/net/netlink (netlink_native_seq_show).
func netlink(w *bytes.Buffer, s Stack) {
	w.WriteString("sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n")
	for _, x := range s.Sockets() {
		if x.Family != unix.AF_NETLINK {
			continue
		}
		groups := uint32(0)
		if len(x.Groups) >= 4 {
			groups = binary.NativeEndian.Uint32(x.Groups)
		}
		fmt.Fprintf(w, "%016x %-3d %-10d %08x %-8d %-8d %-5d %-8d %-8d %-8d\n", 0, x.Protocol, x.NetlinkPID, groups, x.RecvQueue, 0, 0, 2, x.Drops, x.Inode)
	}
}

// inUse counts the sockets of a family that are not closed (sock_prot_inuse_get).
func inUse(sockets []diag.Socket, family uint8) (tcp, udp, raw int) {
	for _, x := range sockets {
		switch {
		case x.Family != family:
		case x.Type == unix.SOCK_STREAM && x.State != diag.Close && x.State != diag.TimeWait:
			tcp++
		case kindOf(&x) == protoUDP:
			udp++
		case kindOf(&x) == protoRaw:
			raw++
		}
	}
	return tcp, udp, raw
}

// sockstat is /proc/net/sockstat (sockstat_seq_show).
func sockstat(w *bytes.Buffer, s Stack) {
	all := s.Sockets()
	var used, alloc, orphan, tw int
	for _, x := range all {
		switch {
		case x.Type != unix.SOCK_STREAM:
		case x.State == diag.TimeWait:
			tw++
		default:
			alloc++
			if x.Inode == 0 {
				orphan++
			}
		}
		if x.Inode != 0 {
			used++
		}
	}
	tcp, udp, raw := inUse(all, unix.AF_INET)
	fmt.Fprintf(w, "sockets: used %d\nTCP: inuse %d orphan %d tw %d alloc %d mem 0\nUDP: inuse %d mem 0\nUDPLITE: inuse 0\nRAW: inuse %d\nFRAG: inuse 0 memory 0\n",
		used, tcp, orphan, tw, alloc, udp, raw)
}

// sockstat6 is /proc/net/sockstat6 (sockstat6_seq_show).
func sockstat6(w *bytes.Buffer, s Stack) {
	tcp, udp, raw := inUse(s.Sockets(), unix.AF_INET6)
	fmt.Fprintf(w, "TCP6: inuse %d\nUDP6: inuse %d\nUDPLITE6: inuse 0\nRAW6: inuse %d\nFRAG6: inuse 0 memory 0\n", tcp, udp, raw)
}
