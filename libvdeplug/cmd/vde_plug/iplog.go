// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"net/netip"
)

// maxAddresses bounds what is remembered; whoever invents addresses fills the
// memory of this program otherwise.
const maxAddresses = 1 << 14

// Ethernet types and the lengths of what is looked at (RFC 791, RFC 8200).
const (
	typeVLAN = 0x8100
	typeIPv4 = 0x0800
	typeIPv6 = 0x86dd
	minIPv4  = 20
	minIPv6  = 40
)

// place is an address in a VLAN.
type place struct {
	addr netip.Addr
	vlan uint16
}

// addresses logs each IP address that frames come from once. Not safe for
// concurrent use.
type addresses struct {
	log  func(family, addr string, vlan uint16)
	seen map[place]struct{}
}

// watch looks at one frame.
func (a *addresses) watch(frame []byte) {
	p, ok := source(frame)
	if !ok {
		return
	}
	if _, known := a.seen[p]; known {
		return
	}
	if a.seen == nil || len(a.seen) >= maxAddresses {
		a.seen = map[place]struct{}{}
	}
	a.seen[p] = struct{}{}
	family := "IP6"
	if p.addr.Is4() {
		family = "IP4"
	}
	a.log(family, p.addr.String(), p.vlan)
}

// source returns the IP address that a frame comes from, if it has one.
func source(frame []byte) (p place, ok bool) {
	if len(frame) < 14 {
		return p, false
	}
	typ, body := binary.BigEndian.Uint16(frame[12:]), frame[14:]
	if typ == typeVLAN && len(body) >= 4 {
		p.vlan = binary.BigEndian.Uint16(body) & 0xfff
		typ, body = binary.BigEndian.Uint16(body[2:]), body[4:]
	}
	switch {
	case typ == typeIPv4 && len(body) >= minIPv4 && body[0]>>4 == 4:
		p.addr, ok = netip.AddrFromSlice(body[12:16])
	case typ == typeIPv6 && len(body) >= minIPv6 && body[0]>>4 == 6:
		p.addr, ok = netip.AddrFromSlice(body[8:24])
	}
	return p, ok
}
