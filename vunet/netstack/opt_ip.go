// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"vuos.dev/engine"
	"vuos.dev/vunet/procnet"
)

// ipInts are the int options of level SOL_IP that gVisor has.
var ipInts = map[int]tcpip.SockOptInt{
	unix.IP_TOS:           tcpip.IPv4TOSOption,
	unix.IP_TTL:           tcpip.IPv4TTLOption,
	unix.IP_MULTICAST_TTL: tcpip.MulticastTTLOption,
	unix.IP_MTU_DISCOVER:  tcpip.MTUDiscoverOption,
}

const defaultTTL = 64 // net.ipv4.ip_default_ttl

// getIP reads options of level SOL_IP (ip(7)).
func (x *inet) getIP(name, max int) ([]byte, error) {
	if o, ok := ipInts[name]; ok {
		v, terr := x.ep().GetSockOptInt(o)
		if terr != nil {
			return nil, errno(terr)
		}
		if name == unix.IP_TTL && v == tcpip.UseDefaultIPv4TTL {
			v = defaultTTL
		}
		return intValue(int32(v), unix.SOL_IP, max), nil
	}
	switch name {
	case unix.IP_OPTIONS:
		return nil, nil
	case unix.IP_MULTICAST_IF:
		var v tcpip.MulticastInterfaceOption
		if terr := x.ep().GetSockOpt(&v); terr != nil {
			return nil, errno(terr)
		}
		b := make([]byte, 4)
		copy(b, v.InterfaceAddr.AsSlice())
		return b, nil
	case unix.IP_UNICAST_IF:
		return []byte{0, 0, 0, 0}, nil
	case unix.IP_MTU:
		return x.pathMTU(max)
	}
	return nil, unix.ENOPROTOOPT
}

// pathMTU is IP_MTU and IPV6_MTU of a connected socket.
func (x *inet) pathMTU(max int) ([]byte, error) {
	to, terr := x.ep().GetRemoteAddress()
	if terr != nil {
		return nil, unix.ENOTCONN
	}
	r, terr := x.s.ip.FindRoute(to.NIC, tcpip.Address{}, unmapped(to.Addr), netProto(familyOfAddress(unmapped(to.Addr))), false)
	if terr != nil {
		return nil, unix.ENOTCONN
	}
	defer r.Release()
	l := x.s.conf.Link(int(r.NICID()))
	if l == nil {
		return nil, unix.ENOTCONN
	}
	return intValue(int32(l.MTU), unix.SOL_IP, max), nil
}

func unmapped(a tcpip.Address) tcpip.Address { return toAddress(fromAddress(a).Unmap()) }

func familyOfAddress(a tcpip.Address) uint8 {
	if a.Len() == 4 {
		return unix.AF_INET
	}
	return unix.AF_INET6
}

// setIP changes options of level SOL_IP.
func (x *inet) setIP(c engine.Call, name int, value []byte) error {
	switch name {
	case unix.IP_ADD_MEMBERSHIP, unix.IP_DROP_MEMBERSHIP, unix.IP_MULTICAST_IF,
		unix.MCAST_JOIN_GROUP, unix.MCAST_LEAVE_GROUP:
		return x.setMulticast4(name, value)
	case unix.IP_OPTIONS:
		if len(value) > 0 {
			return unix.EINVAL
		}
		return nil
	case unix.IP_ADD_SOURCE_MEMBERSHIP, unix.IP_DROP_SOURCE_MEMBERSHIP, unix.IP_MSFILTER,
		unix.MCAST_JOIN_SOURCE_GROUP, unix.MCAST_BLOCK_SOURCE, unix.MCAST_MSFILTER:
		return unix.ENOPROTOOPT
	}
	v, err := optionInt(unix.SOL_IP, value)
	if err != nil {
		return err
	}
	switch name {
	case unix.IP_TTL:
		if v != -1 && (v < 1 || v > 255) {
			return unix.EINVAL
		}
		v = max(v, 0)
	case unix.IP_MULTICAST_TTL:
		if x.stream() || v < -1 || v > 255 {
			return unix.EINVAL
		}
		if v == -1 {
			v = 1
		}
	case unix.IP_MTU_DISCOVER:
		if v < unix.IP_PMTUDISC_DONT || v > unix.IP_PMTUDISC_OMIT {
			return unix.EINVAL
		}
		v = min(v, unix.IP_PMTUDISC_PROBE)
		v = pmtu[v]
	case unix.IP_UNICAST_IF:
		return nil
	}
	o, ok := ipInts[name]
	if !ok {
		return unix.ENOPROTOOPT
	}
	return errno(x.ep().SetSockOptInt(o, int(v)))
}

// pmtu turns IP_PMTUDISC_* into gVisor's strategies, which are numbered
// differently.
var pmtu = [...]int32{
	unix.IP_PMTUDISC_DONT:  int32(tcpip.PMTUDiscoveryDont),
	unix.IP_PMTUDISC_WANT:  int32(tcpip.PMTUDiscoveryWant),
	unix.IP_PMTUDISC_DO:    int32(tcpip.PMTUDiscoveryDo),
	unix.IP_PMTUDISC_PROBE: int32(tcpip.PMTUDiscoveryProbe),
}

// setMulticast4 joins and leaves IPv4 groups.
func (x *inet) setMulticast4(name int, b []byte) error {
	if name == unix.MCAST_JOIN_GROUP || name == unix.MCAST_LEAVE_GROUP {
		return x.groupReq(name == unix.MCAST_JOIN_GROUP, b)
	}
	if x.stream() && name == unix.IP_MULTICAST_IF {
		return unix.ENOPROTOOPT
	}
	var group, local netip.Addr
	index := uint32(0)
	switch {
	case len(b) >= unix.SizeofIPMreqn:
		index = binary.NativeEndian.Uint32(b[8:])
		fallthrough
	case len(b) >= unix.SizeofIPMreq:
		group, local = netip.AddrFrom4([4]byte(b)), netip.AddrFrom4([4]byte(b[4:]))
	case len(b) >= 4 && name == unix.IP_MULTICAST_IF:
		local = netip.AddrFrom4([4]byte(b))
	default:
		return unix.EINVAL
	}
	var addr tcpip.Address
	if !local.IsUnspecified() {
		addr = toAddress(local)
	}
	if name == unix.IP_MULTICAST_IF {
		return errno(x.ep().SetSockOpt(&tcpip.MulticastInterfaceOption{NIC: tcpip.NICID(index), InterfaceAddr: addr}))
	}
	if !group.IsMulticast() {
		return unix.EINVAL
	}
	return x.member(name == unix.IP_ADD_MEMBERSHIP, tcpip.MembershipOption{
		NIC: tcpip.NICID(index), InterfaceAddr: addr, MulticastAddr: toAddress(group),
	})
}

// groupReq is MCAST_JOIN_GROUP and MCAST_LEAVE_GROUP: struct group_req.
func (x *inet) groupReq(join bool, b []byte) error {
	const addrAt = 8
	if len(b) < addrAt+sizeofInet {
		return unix.EINVAL
	}
	a, err := parseInet(b[addrAt:])
	if err != nil {
		return unix.EADDRNOTAVAIL
	}
	if !a.ip.IsMulticast() {
		return unix.EINVAL
	}
	return x.member(join, tcpip.MembershipOption{
		NIC: tcpip.NICID(binary.NativeEndian.Uint32(b)), MulticastAddr: toAddress(a.ip),
	})
}

// membership is a group that the socket joined.
type membership struct {
	nic   tcpip.NICID
	group tcpip.Address
}

func (x *inet) member(join bool, m tcpip.MembershipOption) error {
	m.NIC, m.InterfaceAddr = x.interfaceOf(m), tcpip.Address{}
	x.mu.Lock()
	defer x.mu.Unlock()
	key := membership{m.NIC, m.MulticastAddr}
	if join {
		add := tcpip.AddMembershipOption(m)
		if terr := x.ep().SetSockOpt(&add); terr != nil {
			return errno(terr)
		}
		x.groups = append(x.groups, key)
		return nil
	}
	drop := tcpip.RemoveMembershipOption(m)
	if terr := x.ep().SetSockOpt(&drop); terr != nil {
		return errno(terr)
	}
	x.groups = slices.DeleteFunc(x.groups, func(m membership) bool { return m == key })
	return nil
}

// interfaceOf is the interface on which a group is joined: the one that is named, or has the address, or
// that packets to the group leave by (net/ipv4/igmp.c:ip_mc_find_dev()). 0 if there is none.
func (x *inet) interfaceOf(m tcpip.MembershipOption) tcpip.NICID {
	proto := header.IPv4ProtocolNumber
	if m.MulticastAddr.Len() == header.IPv6AddressSize {
		proto = header.IPv6ProtocolNumber
	}
	switch {
	case m.InterfaceAddr.Len() > 0:
		return x.s.ip.CheckLocalAddress(m.NIC, proto, m.InterfaceAddr)
	case m.NIC != 0:
		return m.NIC
	}
	r, err := x.s.ip.FindRoute(0, tcpip.Address{}, m.MulticastAddr, proto, false)
	if err != nil {
		return 0
	}
	defer r.Release()
	return r.NICID()
}

// Memberships implements procnet.Stack.
func (s *Stack) Memberships() (out []procnet.Membership) {
	for _, r := range s.records() {
		x, ok := r.(*inet)
		if !ok {
			continue
		}
		x.mu.Lock()
		groups := slices.Clone(x.groups)
		x.mu.Unlock()
		for _, g := range groups {
			is := func(m procnet.Membership) bool { return m.Link == int(g.nic) && m.Group == fromAddress(g.group) }
			if i := slices.IndexFunc(out, is); i >= 0 {
				out[i].Users++
			} else {
				out = append(out, procnet.Membership{Link: int(g.nic), Group: fromAddress(g.group), Users: 1})
			}
		}
	}
	slices.Reverse(out)
	return out
}
