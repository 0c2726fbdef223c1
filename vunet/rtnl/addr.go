// SPDX-License-Identifier: Apache-2.0

package rtnl

import (
	"encoding/binary"
	"math"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/vunet/netconf"
	"vuos.dev/vunet/nl"
	"vuos.dev/vunet/nlsock"
)

// Attributes of addresses that x/sys/unix lacks (linux/if_addr.h).
const ifaProto = 11

// forever is an infinite lifetime in seconds.
const forever = math.MaxUint32

// boot is when the clock of IFA_CACHEINFO began: it counts hundredths of seconds.
var boot = bootTime()

func bootTime() time.Time {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts) != nil {
		return time.Now()
	}
	return time.Now().Add(-time.Duration(ts.Nano()))
}

func hundredths(t time.Time) uint32 { return uint32(t.Sub(boot) / (10 * time.Millisecond)) }

// secondsLeft is how long until t, for ever if t is zero.
func secondsLeft(t time.Time) uint32 {
	if t.IsZero() {
		return forever
	}
	return uint32(max(time.Until(t).Round(time.Second)/time.Second, 0))
}

// fillAddr is inet_fill_ifaddr and inet6_fill_ifaddr.
func fillAddr(h nl.Header, a *netconf.Addr) []byte {
	hdr := make([]byte, unix.SizeofIfAddrmsg)
	hdr[0], hdr[1], hdr[2], hdr[3] = a.Family(), uint8(a.Bits), uint8(a.Flags), a.Scope
	binary.NativeEndian.PutUint32(hdr[4:], uint32(a.Link))
	cache := words([]uint32{secondsLeft(a.Preferred), secondsLeft(a.Valid), hundredths(a.Created), hundredths(a.Updated)})
	m := nl.New(h).Raw(hdr)
	if a.Local.Is4() {
		m.Bytes(unix.IFA_ADDRESS, a.Peer.AsSlice())
		m.Bytes(unix.IFA_LOCAL, a.Local.AsSlice())
		if a.Broadcast.IsValid() {
			m.Bytes(unix.IFA_BROADCAST, a.Broadcast.AsSlice())
		}
		if a.Label != "" {
			m.String(unix.IFA_LABEL, a.Label)
		}
	} else {
		if a.Peer != a.Local {
			m.Bytes(unix.IFA_LOCAL, a.Local.AsSlice())
		}
		m.Bytes(unix.IFA_ADDRESS, a.Peer.AsSlice())
	}
	if a.Priority != 0 {
		m.U32(unix.IFA_RT_PRIORITY, a.Priority)
	}
	if a.Proto != 0 {
		m.U8(ifaProto, a.Proto)
	}
	m.U32(unix.IFA_FLAGS, a.Flags)
	m.Bytes(unix.IFA_CACHEINFO, cache)
	return m.End()
}

var addrDump = dumpRule{
	what: "address dump", size: unix.SizeofIfAddrmsg, zero: []int{1, 2, 3},
	attrs: map[int]bool{unix.IFA_TARGET_NETNSID: true},
}

// familyPrefix is how messages of a family's handlers begin.
func familyPrefix(fam uint8) string {
	switch fam {
	case unix.AF_INET:
		return "ipv4: "
	case unix.AF_INET6:
		return "ipv6: "
	}
	return ""
}

// dumpAddrs is RTM_GETADDR with NLM_F_DUMP (inet_dump_ifaddr, inet6_dump_addr).
func (s *Server) dumpAddrs(r *nlsock.Request) error {
	rule := addrDump
	rule.prefix = familyPrefix(r.Body[0])
	hdr, _, err := rule.parse(r)
	if err != nil {
		return err
	}
	index := int(int32(binary.NativeEndian.Uint32(hdr[4:])))
	flags := uint16(unix.NLM_F_MULTI)
	if index != 0 {
		flags |= filtered
		if s.conf.Link(index) == nil {
			return unix.ENODEV
		}
	}
	for _, fam := range []uint8{unix.AF_INET, unix.AF_INET6} {
		for _, a := range s.conf.Addrs() {
			if a.Family() == fam && (hdr[0] == 0 || hdr[0] == fam) && (index == 0 || a.Link == index) {
				r.Dump(fillAddr(r.Header(unix.RTM_NEWADDR, flags), a))
			}
		}
	}
	return nil
}

// getAddr is RTM_GETADDR for one IPv6 address (inet6_rtm_getaddr).
func (s *Server) getAddr(r *nlsock.Request) error {
	if r.Body[0] != unix.AF_INET6 {
		return unix.EOPNOTSUPP
	}
	hdr, attrs, err := parse(r, unix.SizeofIfAddrmsg)
	if err != nil {
		return err
	}
	ip := attrs.IP(unix.IFA_ADDRESS, unix.AF_INET6)
	if local := attrs.IP(unix.IFA_LOCAL, unix.AF_INET6); local.IsValid() {
		ip = local
	}
	if !ip.IsValid() {
		return unix.EINVAL
	}
	index := int(binary.NativeEndian.Uint32(hdr[4:]))
	for _, a := range s.conf.Addrs() {
		if a.Local == ip && (index == 0 || a.Link == index) {
			r.Reply(fillAddr(r.Header(unix.RTM_NEWADDR, 0), a))
			return nil
		}
	}
	return unix.EADDRNOTAVAIL
}

// parseAddr decodes RTM_NEWADDR and RTM_DELADDR.
func (s *Server) parseAddr(r *nlsock.Request) (*netconf.Addr, nl.Attrs, error) {
	fam := r.Body[0]
	if fam != unix.AF_INET && fam != unix.AF_INET6 {
		return nil, nil, unix.EOPNOTSUPP
	}
	hdr, attrs, err := parse(r, unix.SizeofIfAddrmsg)
	if err != nil {
		return nil, nil, err
	}
	a := &netconf.Addr{Link: int(binary.NativeEndian.Uint32(hdr[4:])), Bits: int(hdr[1]), Scope: hdr[3], Flags: uint32(hdr[2])}
	if v, ok := attrs.U32(unix.IFA_FLAGS); ok {
		a.Flags = v
	}
	peer, local := attrs.IP(unix.IFA_ADDRESS, fam), attrs.IP(unix.IFA_LOCAL, fam)
	if !local.IsValid() && fam == unix.AF_INET6 {
		local = peer
	}
	if !peer.IsValid() {
		peer = local
	}
	a.Local, a.Peer = local, peer
	return a, attrs, nil
}

// newAddr is RTM_NEWADDR (inet_rtm_newaddr, inet6_rtm_newaddr).
func (s *Server) newAddr(r *nlsock.Request) error {
	a, attrs, err := s.parseAddr(r)
	if err != nil {
		return err
	}
	v4 := r.Body[0] == unix.AF_INET
	switch {
	case v4 && a.Bits > 32:
		return fail(unix.EINVAL, "ipv4: Invalid prefix length")
	case v4 && !a.Local.IsValid():
		return fail(unix.EINVAL, "ipv4: Local address is not supplied")
	case !a.Local.IsValid():
		return unix.EINVAL
	case !v4 && a.Bits > 128:
		return fail(unix.EINVAL, "ipv6: address prefix length larger than 128")
	}
	l := s.conf.Link(a.Link)
	if l == nil {
		if v4 {
			return fail(unix.ENODEV, "ipv4: Device not found")
		}
		return fail(unix.ENODEV, "ipv6: Unable to find the interface")
	}
	if err := lifetimes(a, attrs); err != nil {
		return err
	}
	if v4 {
		a.Label = l.Name
		if label, ok := attrs.String(unix.IFA_LABEL); ok {
			a.Label = label
		}
		a.Broadcast = attrs.IP(unix.IFA_BROADCAST, unix.AF_INET)
	} else {
		a.Flags &= unix.IFA_F_NODAD | unix.IFA_F_HOMEADDRESS | unix.IFA_F_MANAGETEMPADDR |
			unix.IFA_F_NOPREFIXROUTE | unix.IFA_F_MCAUTOJOIN | unix.IFA_F_OPTIMISTIC
	}
	a.Priority, _ = attrs.U32(unix.IFA_RT_PRIORITY)
	a.Proto, _ = attrs.U8(ifaProto)
	return s.conf.AddAddr(a, r.Flags&unix.NLM_F_EXCL != 0, r.Flags&unix.NLM_F_REPLACE != 0)
}

// lifetimes reads IFA_CACHEINFO.
func lifetimes(a *netconf.Addr, attrs nl.Attrs) error {
	c, ok := attrs[unix.IFA_CACHEINFO]
	if !ok {
		return nil
	}
	if len(c.Value) < 8 {
		return failAt(unix.EINVAL, "", c)
	}
	preferred, valid := binary.NativeEndian.Uint32(c.Value), binary.NativeEndian.Uint32(c.Value[4:])
	if valid == 0 || preferred > valid {
		if a.Local.Is4() {
			return failAt(unix.EINVAL, "ipv4: address lifetime invalid", c)
		}
		return failAt(unix.EINVAL, "ipv6: address lifetime invalid", c)
	}
	now := time.Now()
	if valid != forever {
		a.Valid = now.Add(time.Duration(valid) * time.Second)
	}
	if preferred != forever {
		a.Preferred = now.Add(time.Duration(preferred) * time.Second)
	}
	return nil
}

// delAddr is RTM_DELADDR (inet_rtm_deladdr, inet6_rtm_deladdr).
func (s *Server) delAddr(r *nlsock.Request) error {
	a, attrs, err := s.parseAddr(r)
	if err != nil {
		return err
	}
	if s.conf.Link(a.Link) == nil {
		if r.Body[0] == unix.AF_INET {
			return fail(unix.ENODEV, "ipv4: Device not found")
		}
		return fail(unix.ENODEV, "ipv6: Unable to find the interface")
	}
	if !a.Local.IsValid() {
		return unix.EINVAL
	}
	label, _ := attrs.String(unix.IFA_LABEL)
	peer, bits := netip.Addr{}, a.Bits
	if r.Body[0] == unix.AF_INET {
		if attrs.Has(unix.IFA_ADDRESS) {
			peer = a.Peer
		} else {
			bits = -1
		}
	}
	return s.conf.DelAddr(a.Link, a.Local, peer, bits, label)
}
