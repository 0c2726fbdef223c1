// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// familyNames are the address families by number, as socket.h names them.
//
// Source: include/linux/socket.h (AF_*).
var familyNames = [...]string{
	unix.AF_UNIX: "local", unix.AF_INET: "inet", unix.AF_AX25: "ax25", unix.AF_IPX: "ipx",
	unix.AF_APPLETALK: "appletalk", unix.AF_NETROM: "netrom", unix.AF_BRIDGE: "bridge",
	unix.AF_ATMPVC: "atmpvc", unix.AF_X25: "x25", unix.AF_INET6: "inet6", unix.AF_ROSE: "rose",
	unix.AF_DECnet: "decnet", unix.AF_NETBEUI: "netbeui", unix.AF_SECURITY: "security",
	unix.AF_KEY: "key", unix.AF_NETLINK: "netlink", unix.AF_PACKET: "packet", unix.AF_ASH: "ash",
	unix.AF_ECONET: "econet", unix.AF_ATMSVC: "atmsvc", unix.AF_RDS: "rds", unix.AF_SNA: "sna",
	unix.AF_IRDA: "irda", unix.AF_PPPOX: "pppox", unix.AF_WANPIPE: "wanpipe", unix.AF_LLC: "llc",
	unix.AF_IB: "ib", unix.AF_MPLS: "mpls", unix.AF_CAN: "can", unix.AF_TIPC: "tipc",
	unix.AF_BLUETOOTH: "bluetooth", unix.AF_IUCV: "iucv", unix.AF_RXRPC: "rxrpc",
	unix.AF_ISDN: "isdn", unix.AF_PHONET: "phonet", unix.AF_IEEE802154: "ieee802154",
	unix.AF_CAIF: "caif", unix.AF_ALG: "alg", unix.AF_NFC: "nfc", unix.AF_VSOCK: "vsock",
	unix.AF_KCM: "kcm", unix.AF_QIPCRTR: "qipcrtr", unix.AF_SMC: "smc", unix.AF_XDP: "xdp",
	unix.AF_MCTP: "mctp",
}

// maxFamily leaves room for families that are younger than this table.
const maxFamily = len(familyNames) + 10

// alias is another name for families.
type alias struct {
	name     string
	families []int
}

var aliases = [...]alias{
	{"ip", []int{unix.AF_INET, unix.AF_INET6, unix.AF_NETLINK, unix.AF_PACKET}},
	{"ipv4", []int{unix.AF_INET}},
	{"ip4", []int{unix.AF_INET}},
	{"ipv6", []int{unix.AF_INET6}},
	{"ip6", []int{unix.AF_INET6}},
	{"bt", []int{unix.AF_BLUETOOTH}},
	{"ir", []int{unix.AF_IRDA}},
	{"unix", []int{unix.AF_UNIX}},
}

func familyName(family int) string {
	if family < len(familyNames) {
		return familyNames[family]
	}
	return "unknown"
}

// familyHelp lists the names that -f takes.
func familyHelp() string {
	var b strings.Builder
	b.WriteString("\nAddress families:\n")
	for family, name := range familyNames {
		if name != "" {
			fmt.Fprintf(&b, "%5d  %s\n", family, name)
		}
	}
	fmt.Fprintf(&b, "Numbers may go up to %d.\n\nAliases:\n", maxFamily)
	for _, a := range aliases {
		names := make([]string, len(a.families))
		for i, f := range a.families {
			names[i] = familyName(f)
		}
		fmt.Fprintf(&b, "  %-5s  %s\n", a.name, strings.Join(names, ","))
	}
	b.WriteString("  all    every family\n")
	return b.String()
}
