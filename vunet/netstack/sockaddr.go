// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
)

// Lengths of socket addresses (linux/in.h, linux/in6.h, linux/if_packet.h). An
// IPv6 address may lack its scope (SIN6_LEN_RFC2133).
const (
	sizeofInet      = 16
	sizeofInet6     = 28
	sizeofInet6Old  = 24
	sizeofLinkLayer = 20
)

// inetAddr is a socket address of AF_INET or AF_INET6.
type inetAddr struct {
	ip    netip.Addr
	port  uint16
	scope uint32
}

// familyOf is the family of a socket address.
func familyOf(b []byte) (int, error) {
	if len(b) < 2 {
		return 0, unix.EINVAL
	}
	return int(binary.NativeEndian.Uint16(b)), nil
}

// parseInet decodes sockaddr_in or sockaddr_in6.
func parseInet(b []byte) (inetAddr, error) {
	fam, err := familyOf(b)
	if err != nil {
		return inetAddr{}, err
	}
	switch {
	case fam == unix.AF_INET && len(b) >= sizeofInet:
		return inetAddr{ip: netip.AddrFrom4([4]byte(b[4:8])), port: binary.BigEndian.Uint16(b[2:])}, nil
	case fam == unix.AF_INET6 && len(b) >= sizeofInet6Old:
		a := inetAddr{ip: netip.AddrFrom16([16]byte(b[8:24])), port: binary.BigEndian.Uint16(b[2:])}
		if len(b) >= sizeofInet6 {
			a.scope = binary.NativeEndian.Uint32(b[24:])
		}
		return a, nil
	case fam == unix.AF_INET, fam == unix.AF_INET6:
		return inetAddr{}, unix.EINVAL
	}
	return inetAddr{}, unix.EAFNOSUPPORT
}

// full is the address as gVisor takes it, where no address is the unspecified
// one.
func (a inetAddr) full() tcpip.FullAddress {
	f := tcpip.FullAddress{Port: a.port}
	if !a.ip.IsUnspecified() {
		f.Addr = toAddress(a.ip)
	}
	if a.ip.Is6() && needsScope(a.ip) {
		f.NIC = tcpip.NICID(a.scope)
	}
	return f
}

// needsScope tells whether an IPv6 address means nothing without an interface.
func needsScope(ip netip.Addr) bool {
	return ip.IsLinkLocalUnicast() || ip.IsLinkLocalMulticast() || ip.IsInterfaceLocalMulticast()
}

// sockaddr encodes an address of gVisor's for a socket of family fam.
func sockaddr(fam int, f tcpip.FullAddress) []byte {
	if fam == unix.AF_INET {
		b := make([]byte, sizeofInet)
		binary.NativeEndian.PutUint16(b, unix.AF_INET)
		binary.BigEndian.PutUint16(b[2:], f.Port)
		copy(b[4:8], f.Addr.AsSlice())
		return b
	}
	b := make([]byte, sizeofInet6)
	binary.NativeEndian.PutUint16(b, unix.AF_INET6)
	binary.BigEndian.PutUint16(b[2:], f.Port)
	if f.Addr.Len() == 0 {
		return b
	}
	ip := fromAddress(f.Addr)
	ip16 := ip.As16()
	copy(b[8:24], ip16[:])
	if ip.Is6() && needsScope(ip) {
		binary.NativeEndian.PutUint32(b[24:], uint32(f.NIC))
	}
	return b
}
