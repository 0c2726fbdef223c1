// SPDX-License-Identifier: Apache-2.0

package mmsg

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// name has room for a socket address of IPv4 or IPv6.
type name unix.RawSockaddrInet6

// Addr returns where message i came from; the zero value if it has no IP
// address. An interface of a link-local address is given by number.
func (b *Batch) Addr(i int) netip.AddrPort {
	n := &b.names[i]
	port := networkOrder(&n.Port)
	switch n.Family {
	case unix.AF_INET:
		n4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(n))
		return netip.AddrPortFrom(netip.AddrFrom4(n4.Addr), port)
	case unix.AF_INET6:
		addr := netip.AddrFrom16(n.Addr)
		if n.Scope_id != 0 {
			addr = addr.WithZone(strconv.FormatUint(uint64(n.Scope_id), 10))
		}
		return netip.AddrPortFrom(addr, port)
	}
	return netip.AddrPort{}
}

// PutTo makes body message i, to be sent to addr.
func (b *Batch) PutTo(i int, body []byte, addr netip.AddrPort) {
	b.setBody(i, body)
	n, h := &b.names[i], &b.msgs[i].hdr
	*n = name{}
	setNetworkOrder(&n.Port, addr.Port())
	if ip := addr.Addr(); ip.Is4() {
		n4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(n))
		n4.Family, n4.Addr = unix.AF_INET, ip.As4()
		h.Namelen = unix.SizeofSockaddrInet4
	} else {
		n.Family, n.Addr = unix.AF_INET6, ip.As16()
		scope, _ := strconv.ParseUint(ip.Zone(), 10, 32)
		n.Scope_id = uint32(scope)
		h.Namelen = unix.SizeofSockaddrInet6
	}
}

func networkOrder(p *uint16) uint16 {
	return binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(p))[:])
}

func setNetworkOrder(p *uint16, v uint16) {
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(p))[:], v)
}
