// SPDX-License-Identifier: Apache-2.0

package vxlan

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"vuos.dev/libvdeplug/plug"
)

var errNoAddress = errors.New("has no address of the family asked for")

// groupAddr finds the multicast address, the standard one if addr is empty.
// The options v4 and v6 choose a family; none or both mean any.
func groupAddr(ctx context.Context, addr string, p plug.Parms) (netip.Addr, error) {
	_, v4 := p["v4"]
	_, v6 := p["v6"]
	if addr == "" {
		addr = defaultGroup4
		if v6 {
			addr = defaultGroup6
		}
	}
	group, err := lookup(ctx, addr, v6 || !v4, v4 || !v6)
	if err == nil && !group.IsMulticast() {
		err = fmt.Errorf("%s is not a multicast address", group)
	}
	return group, err
}

// lookup resolves a host name or address to an address of a wanted family.
func lookup(ctx context.Context, host string, v6, v4 bool) (netip.Addr, error) {
	addrs := []netip.Addr{}
	if a, err := netip.ParseAddr(host); err == nil {
		addrs = append(addrs, a)
	} else if addrs, err = net.DefaultResolver.LookupNetIP(ctx, "ip", host); err != nil {
		return netip.Addr{}, err
	}
	for _, a := range addrs {
		if a = a.Unmap(); a.Is4() && v4 || a.Is6() && v6 {
			return a, nil
		}
	}
	return netip.Addr{}, fmt.Errorf("%s %w", host, errNoAddress)
}

// withGroupID replaces the last three bytes of an address by a group number.
func withGroupID(a netip.Addr, gid int) netip.Addr {
	b := a.AsSlice()
	n := len(b)
	b[n-3], b[n-2], b[n-1] = byte(gid>>16), byte(gid>>8), byte(gid)
	out, _ := netip.AddrFromSlice(b) // the length is right
	return out.WithZone(a.Zone())
}

// selfTest tells which addresses are the host's own. The answer is looked up
// once for each address: only datagrams from our own port number are asked
// about. Not safe for concurrent use.
type selfTest struct {
	known map[netip.Addr]bool
}

// maxKnown bounds what is remembered.
const maxKnown = 1024

// isLocal tells whether a is an address of an interface of this host.
func (s *selfTest) isLocal(a netip.Addr) bool {
	a = a.WithZone("")
	local, ok := s.known[a]
	if ok {
		return local
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, ifa := range addrs {
		if n, ok := ifa.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok && ip.Unmap() == a {
				local = true
			}
		}
	}
	if s.known == nil || len(s.known) >= maxKnown {
		s.known = map[netip.Addr]bool{}
	}
	s.known[a] = local
	return local
}
