// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vunet/netconf"
)

// ioctlAddr6 is SIOCSIFADDR and SIOCDIFADDR of an IPv6 socket (net/ipv6/addrconf.c:addrconf_add_ifaddr()): struct in6_ifreq.
func (s *Stack) ioctlAddr6(m engine.Memory, add bool, arg uint64) error {
	var q [24]byte // address, prefix length, index
	if _, err := m.ReadAt(q[:], arg); err != nil {
		return err
	}
	ip := netip.AddrFrom16([16]byte(q[:16]))
	bits, index := int(binary.NativeEndian.Uint32(q[16:])), int(int32(binary.NativeEndian.Uint32(q[20:])))
	if bits < 0 || bits > 128 {
		return unix.EINVAL
	}
	if s.conf.Link(index) == nil {
		return unix.ENODEV
	}
	if add {
		return s.conf.AddAddr(&netconf.Addr{Link: index, Local: ip, Bits: bits}, true, false)
	}
	return s.conf.DelAddr(index, ip, netip.Addr{}, bits, "")
}

// Offsets in struct in6_rtmsg (linux/ipv6_route.h) in bytes.
const (
	rt6Dst    = 0
	rt6Gate   = 32
	rt6Bits   = 52
	rt6Metric = 56
	rt6Flags  = 72
	rt6Index  = 76
	rt6Size   = 80
)

// ioctlRoute6 is SIOCADDRT and SIOCDELRT of an IPv6 socket (net/ipv6/route.c:rtmsg_to_fib6_config()).
func (s *Stack) ioctlRoute6(m engine.Memory, add bool, arg uint64) error {
	var e [rt6Size]byte
	if _, err := m.ReadAt(e[:], arg); err != nil {
		return err
	}
	bits := int(binary.NativeEndian.Uint16(e[rt6Bits:]))
	if bits > 128 {
		return unix.EINVAL
	}
	r := &netconf.Route{
		Family: unix.AF_INET6, Table: unix.RT_TABLE_MAIN, Type: unix.RTN_UNICAST, Proto: unix.RTPROT_BOOT,
		Dst:      netip.PrefixFrom(netip.AddrFrom16([16]byte(e[rt6Dst:])), bits).Masked(),
		Priority: binary.NativeEndian.Uint32(e[rt6Metric:]),
	}
	flags := binary.NativeEndian.Uint32(e[rt6Flags:])
	if flags&unix.RTF_REJECT != 0 {
		r.Type = unix.RTN_UNREACHABLE
	}
	h := netconf.NextHop{Link: int(int32(binary.NativeEndian.Uint32(e[rt6Index:])))}
	if flags&unix.RTF_GATEWAY != 0 {
		h.Gateway = netip.AddrFrom16([16]byte(e[rt6Gate:]))
	}
	if h.Link != 0 || h.Gateway.IsValid() {
		r.Hops = []netconf.NextHop{h}
	}
	if add {
		return s.conf.AddRoute(r, unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	}
	match := netconf.RouteMatch{Route: *r, HasPriority: r.Priority != 0}
	match.Type, match.Proto = 0, 0
	return s.conf.DelRoute(&match)
}
