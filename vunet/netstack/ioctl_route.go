// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"net/netip"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vunet/netconf"
)

// Offsets in struct rtentry (linux/route.h) in bytes.
const (
	rtDst    = 8
	rtGate   = 24
	rtMask   = 40
	rtFlags  = 56
	rtMetric = 80
	rtDev    = 88
	rtMTU    = 96
	rtWindow = 104
	rtSize   = 120
)

// ioctlRoute is SIOCADDRT and SIOCDELRT for IPv4 (rtentry_to_fib_config).
func (s *Stack) ioctlRoute(m engine.Memory, add bool, arg uint64) error {
	var e [rtSize]byte
	if _, err := m.ReadAt(e[:], arg); err != nil {
		return err
	}
	r, err := s.rtentry(m, e[:])
	if err != nil {
		return err
	}
	if add {
		return s.conf.AddRoute(r, unix.NLM_F_CREATE)
	}
	match := netconf.RouteMatch{Route: *r, HasPriority: r.Priority != 0}
	match.Scope, match.Type, match.Proto = unix.RT_SCOPE_NOWHERE, 0, 0
	return s.conf.DelRoute(&match)
}

func (s *Stack) rtentry(m engine.Memory, e []byte) (*netconf.Route, error) {
	flags := binary.NativeEndian.Uint16(e[rtFlags:])
	dst, err := inAddr(e[rtDst:])
	if err != nil {
		return nil, unix.EAFNOSUPPORT
	}
	n := 32
	if flags&unix.RTF_HOST == 0 {
		mask := binary.BigEndian.Uint32(e[rtMask+4:])
		n = bits.LeadingZeros32(^mask)
		if mask != ^uint32(0)<<(32-n) {
			return nil, unix.EINVAL
		}
	}
	p := netip.PrefixFrom(dst, n)
	if p.Masked() != p {
		return nil, unix.EINVAL
	}
	r := &netconf.Route{Family: unix.AF_INET, Table: unix.RT_TABLE_MAIN, Dst: p, Type: unix.RTN_UNICAST,
		Proto: unix.RTPROT_BOOT, Scope: unix.RT_SCOPE_LINK}
	if metric := int16(binary.NativeEndian.Uint16(e[rtMetric:])); metric > 0 {
		r.Priority = uint32(metric) - 1
	}
	if flags&unix.RTF_REJECT != 0 {
		r.Type, r.Scope = unix.RTN_UNREACHABLE, unix.RT_SCOPE_HOST
		return r, nil
	}
	var h netconf.NextHop
	if h.Link, err = s.rtdev(m, binary.NativeEndian.Uint64(e[rtDev:])); err != nil {
		return nil, err
	}
	if gate, err := inAddr(e[rtGate:]); err == nil && flags&unix.RTF_GATEWAY != 0 {
		if gate.IsUnspecified() {
			return nil, unix.EINVAL
		}
		h.Gateway, r.Scope = gate, unix.RT_SCOPE_UNIVERSE
	}
	if h.Link == 0 && !h.Gateway.IsValid() {
		return nil, unix.EINVAL
	}
	r.Hops = []netconf.NextHop{h}
	if flags&unix.RTF_MTU != 0 {
		r.Metrics[unix.RTAX_ADVMSS] = uint32(binary.NativeEndian.Uint64(e[rtMTU:])) - 40
	}
	if flags&unix.RTF_WINDOW != 0 {
		r.Metrics[unix.RTAX_WINDOW] = uint32(binary.NativeEndian.Uint64(e[rtWindow:]))
	}
	return r, nil
}

// rtdev finds the link whose name is at a guest's address.
func (s *Stack) rtdev(m engine.Memory, addr uint64) (int, error) {
	if addr == 0 {
		return 0, nil
	}
	var b [unix.IFNAMSIZ]byte
	if n, err := m.ReadAt(b[:], addr); err != nil && !bytes.ContainsRune(b[:n], 0) {
		return 0, err
	}
	name, _, _ := bytes.Cut(b[:], []byte{0})
	l := s.conf.LinkByName(baseName(string(name)))
	if l == nil {
		return 0, unix.ENODEV
	}
	return l.Index, nil
}

// Offsets in struct arpreq (linux/if_arp.h) in bytes.
const (
	arpPA    = 0
	arpHA    = 16
	arpFlags = 32
	arpDev   = 52
	arpSize  = 68

	atfCom  = 2
	atfPerm = 4
)

// ioctlARP is SIOCGARP, SIOCSARP and SIOCDARP (arp(7)).
func (s *Stack) ioctlARP(m engine.Memory, cmd uint32, arg uint64) error {
	var e [arpSize]byte
	if _, err := m.ReadAt(e[:], arg); err != nil {
		return err
	}
	ip, err := inAddr(e[arpPA:])
	if err != nil {
		return unix.EPFNOSUPPORT
	}
	link := 0
	name, _, _ := bytes.Cut(e[arpDev:], []byte{0})
	if len(name) > 0 {
		l := s.conf.LinkByName(string(name))
		if l == nil {
			return unix.ENODEV
		}
		link = l.Index
	} else if a, err := s.conf.Lookup(netconf.Query{Dst: ip}); err == nil {
		link = a.Hop.Link
	}
	switch cmd {
	case unix.SIOCSARP:
		if link == 0 {
			return unix.ENODEV
		}
		return s.conf.AddNeighbour(&netconf.Neighbour{Link: link, IP: ip, LLAddr: e[arpHA+2 : arpHA+8]}, true, false, true)
	case unix.SIOCDARP:
		if err := s.conf.DelNeighbour(link, ip); err != nil {
			return unix.ENXIO
		}
		return nil
	}
	for _, n := range s.conf.Neighbours(link, unix.AF_INET) {
		if n.IP != ip || len(n.LLAddr) == 0 {
			continue
		}
		clear(e[arpHA:arpFlags])
		binary.NativeEndian.PutUint16(e[arpHA:], unix.ARPHRD_ETHER)
		copy(e[arpHA+2:], n.LLAddr)
		flags := uint32(atfCom)
		if n.State == unix.NUD_PERMANENT {
			flags |= atfPerm
		}
		binary.NativeEndian.PutUint32(e[arpFlags:], flags)
		if l := s.conf.Link(n.Link); l != nil {
			copy(e[arpDev:], append([]byte(l.Name), 0))
		}
		_, err := m.WriteAt(e[:], arg)
		return err
	}
	return unix.ENXIO
}
