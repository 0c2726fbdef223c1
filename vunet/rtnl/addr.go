// SPDX-License-Identifier: Apache-2.0

package rtnl

import (
	"encoding/binary"
	"math"
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
	if r.Body[0] == unix.AF_UNSPEC {
		rule.prefix = familyPrefix(unix.AF_INET) // which is asked first (rtnl_dump_all())
	}
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
