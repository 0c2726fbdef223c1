// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"

	"vuos.dev/engine"
)

// ip6Ints are the int options of level SOL_IPV6 that gVisor has.
var ip6Ints = map[int]tcpip.SockOptInt{
	unix.IPV6_TCLASS:         tcpip.IPv6TrafficClassOption,
	unix.IPV6_UNICAST_HOPS:   tcpip.IPv6HopLimitOption,
	unix.IPV6_MULTICAST_HOPS: tcpip.MulticastTTLOption,
	unix.IPV6_MULTICAST_IF:   tcpip.IPv6MulticastInterfaceOption,
	unix.IPV6_CHECKSUM:       tcpip.IPv6Checksum,
}

// getIP6 reads options of level SOL_IPV6 (ipv6(7)).
func (x *inet) getIP6(name, max int) ([]byte, error) {
	if o, ok := ip6Ints[name]; ok {
		v, terr := x.ep().GetSockOptInt(o)
		if terr != nil {
			return nil, errno(terr)
		}
		if name == unix.IPV6_UNICAST_HOPS && v == tcpip.UseDefaultIPv6HopLimit {
			v = defaultTTL
		}
		return intValue(int32(v), unix.SOL_IPV6, max), nil
	}
	switch name {
	case unix.IPV6_V6ONLY:
		return intValue(truth(x.ep().SocketOptions().GetV6Only()), unix.SOL_IPV6, max), nil
	case unix.IPV6_MTU:
		return x.pathMTU(max)
	case unix.IPV6_UNICAST_IF:
		return []byte{0, 0, 0, 0}, nil
	case unix.IPV6_RTHDR, unix.IPV6_HOPOPTS, unix.IPV6_DSTOPTS, unix.IPV6_RTHDRDSTOPTS, unix.IPV6_NEXTHOP:
		return nil, nil
	}
	return nil, unix.ENOPROTOOPT
}

// setIP6 changes options of level SOL_IPV6.
func (x *inet) setIP6(_ engine.Call, name int, value []byte) error {
	switch name {
	case unix.IPV6_ADD_MEMBERSHIP, unix.IPV6_DROP_MEMBERSHIP:
		return x.member6(name == unix.IPV6_ADD_MEMBERSHIP, value)
	case unix.MCAST_JOIN_GROUP, unix.MCAST_LEAVE_GROUP:
		return x.groupReq(name == unix.MCAST_JOIN_GROUP, value)
	}
	v, err := int32Of(value)
	if err != nil {
		return err
	}
	switch name {
	case unix.IPV6_V6ONLY:
		if a, terr := x.ep().GetLocalAddress(); terr == nil && a.Port != 0 {
			return unix.EINVAL
		}
		x.ep().SocketOptions().SetV6Only(v != 0)
		return nil
	case unix.IPV6_UNICAST_HOPS:
		if v < -1 || v > 255 {
			return unix.EINVAL
		}
	case unix.IPV6_MULTICAST_HOPS:
		if x.stream() {
			return unix.ENOPROTOOPT
		}
		if v < -1 || v > 255 {
			return unix.EINVAL
		}
		if v == -1 {
			v = 1
		}
	case unix.IPV6_TCLASS:
		if v < -1 || v > 255 {
			return unix.EINVAL
		}
		v = max(v, 0)
	case unix.IPV6_MTU:
		if v != 0 && v < minMTU6 {
			return unix.EINVAL
		}
		return nil
	case unix.IPV6_UNICAST_IF:
		return nil
	}
	o, ok := ip6Ints[name]
	if !ok {
		return unix.ENOPROTOOPT
	}
	return errno(x.ep().SetSockOptInt(o, int(v)))
}

const minMTU6 = 1280 // RFC 8200

// member6 joins or leaves an IPv6 group: struct ipv6_mreq.
func (x *inet) member6(join bool, b []byte) error {
	if len(b) < unix.SizeofIPv6Mreq {
		return unix.EINVAL
	}
	group := netip.AddrFrom16([16]byte(b))
	if !group.IsMulticast() {
		return unix.EINVAL
	}
	m := tcpip.MembershipOption{NIC: tcpip.NICID(binary.NativeEndian.Uint32(b[16:])), MulticastAddr: toAddress(group)}
	return x.member(join, m)
}

// getRaw and setRaw are options of levels SOL_RAW and SOL_ICMPV6: which ICMP
// messages a raw socket does not want.
func (x *inet) getRaw(level, name int) ([]byte, error) {
	switch {
	case level == unix.SOL_ICMPV6 && name == unix.ICMPV6_FILTER:
		var f tcpip.ICMPv6Filter
		if terr := x.ep().GetSockOpt(&f); terr != nil {
			return nil, errno(terr)
		}
		var b []byte
		for _, w := range f.DenyType {
			b = binary.NativeEndian.AppendUint32(b, w)
		}
		return b, nil
	case level == unix.SOL_RAW && name == icmpFilter && x.protocol == unix.IPPROTO_ICMP:
		x.mu.Lock()
		defer x.mu.Unlock()
		return intValue(x.ints[option{level, name}], level, 4), nil
	case level == unix.SOL_ICMPV6:
		return nil, unix.ENOPROTOOPT
	}
	return nil, unix.EOPNOTSUPP
}

// icmpFilter is ICMP_FILTER (linux/icmp.h).
const icmpFilter = 1

func (x *inet) setRaw(level, name int, value []byte) error {
	switch {
	case level == unix.SOL_ICMPV6 && name == unix.ICMPV6_FILTER:
		var f tcpip.ICMPv6Filter
		if len(value) < 4*len(f.DenyType) {
			return unix.EINVAL
		}
		for i := range f.DenyType {
			f.DenyType[i] = binary.NativeEndian.Uint32(value[4*i:])
		}
		return errno(x.ep().SetSockOpt(&f))
	case level == unix.SOL_RAW && name == icmpFilter && x.protocol == unix.IPPROTO_ICMP:
		v, err := int32Of(value)
		if err != nil {
			return err
		}
		x.mu.Lock()
		defer x.mu.Unlock()
		x.remember(option{level, name}, v)
		return nil
	case level == unix.SOL_ICMPV6 && name == ipv6Checksum || level == unix.SOL_RAW && name == ipv6Checksum:
		v, err := int32Of(value)
		if err != nil {
			return err
		}
		return errno(x.ep().SetSockOptInt(tcpip.IPv6Checksum, int(v)))
	}
	return unix.ENOPROTOOPT
}

const ipv6Checksum = unix.IPV6_CHECKSUM
