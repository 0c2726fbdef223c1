// SPDX-License-Identifier: Apache-2.0

// Package procnet makes the contents of /proc/net (proc_pid_net(5)) and of /sys/class/net for
// a stack, in the kernel's formats.
package procnet

import (
	"bytes"
	"slices"

	"vuos.dev/vunet/diag"
	"vuos.dev/vunet/netconf"
)

// Stack is what is shown.
type Stack interface {
	Config() *netconf.Config
	diag.Lister
	Counters() Counters

	// Memberships are the multicast groups that sockets have joined, those joined last first.
	Memberships() []Membership
}

// files are the makers of the files of /proc/net.
var files = map[string]func(*bytes.Buffer, Stack){
	"dev":      dev,
	"route":    route,
	"arp":      arp,
	"tcp":      func(w *bytes.Buffer, s Stack) { tcp(w, s, false) },
	"tcp6":     func(w *bytes.Buffer, s Stack) { tcp(w, s, true) },
	"udp":      func(w *bytes.Buffer, s Stack) { datagram(w, s, protoUDP, false) },
	"udp6":     func(w *bytes.Buffer, s Stack) { datagram(w, s, protoUDP, true) },
	"udplite":  func(w *bytes.Buffer, s Stack) { datagram(w, s, protoNone, false) },
	"udplite6": func(w *bytes.Buffer, s Stack) { datagram(w, s, protoNone, true) },
	"raw":      func(w *bytes.Buffer, s Stack) { datagram(w, s, protoRaw, false) },
	"raw6":     func(w *bytes.Buffer, s Stack) { datagram(w, s, protoRaw, true) },
	"icmp":     func(w *bytes.Buffer, s Stack) { datagram(w, s, protoPing, false) },
	"icmp6":    func(w *bytes.Buffer, s Stack) { datagram(w, s, protoPing, true) },
	"if_inet6": ifInet6,

	"ipv6_route": ipv6Route,
	"packet":     packet,
	"netlink":    netlink,
	"igmp":       igmp,
	"igmp6":      igmp6,
	"dev_mcast":  devMcast,
	"sockstat":   sockstat,
	"sockstat6":  sockstat6,
	"snmp":       snmp,
	"netstat":    netstat,
	"wireless":   wireless,
}

// Names lists the files of /proc/net, sorted.
func Names() []string {
	names := make([]string, 0, len(files))
	for n := range files {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// File returns the contents of a file of /proc/net; ok is false if there is none of
// that name.
func File(s Stack, name string) (content []byte, ok bool) {
	f, ok := files[name]
	if !ok {
		return nil, false
	}
	var w bytes.Buffer
	f(&w, s)
	return w.Bytes(), true
}
