// SPDX-License-Identifier: Apache-2.0

package rtnl

import (
	"encoding/binary"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/vunet/netconf"
	"vuos.dev/vunet/nl"
	"vuos.dev/vunet/nlsock"
)

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
