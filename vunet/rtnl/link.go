// SPDX-License-Identifier: Apache-2.0

package rtnl

import (
	"encoding/binary"
	"math"

	"golang.org/x/sys/unix"

	"vuos.dev/vunet/netconf"
	"vuos.dev/vunet/nl"
	"vuos.dev/vunet/nlsock"
)

// iflaAltIfname and iflaPropList are other names (linux/if_link.h), iflaExtMask
// what the request wants to know.
const (
	iflaPropList  = unix.IFLA_PROP_LIST
	iflaAltIfname = unix.IFLA_ALT_IFNAME
)

var linkDump = dumpRule{
	what: "link dump", size: unix.SizeofIfInfomsg,
	zero:  []int{1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15},
	attrs: map[int]bool{unix.IFLA_TARGET_NETNSID: true, unix.IFLA_EXT_MASK: true, unix.IFLA_MASTER: true, unix.IFLA_LINKINFO: true},
}

// dumpLinks is RTM_GETLINK with NLM_F_DUMP (rtnl_dump_ifinfo).
func (s *Server) dumpLinks(r *nlsock.Request) error {
	hdr, attrs, err := linkDump.parse(r)
	if err != nil {
		return err
	}
	if r.Strict && binary.NativeEndian.Uint32(hdr[4:]) != 0 {
		return fail(unix.EINVAL, "Filter by device index not supported for link dumps")
	}
	flags := uint16(unix.NLM_F_MULTI)
	master, _ := attrs.U32(unix.IFLA_MASTER)
	if master != 0 || attrs.Has(unix.IFLA_LINKINFO) {
		return nil // links of this stack have neither a master nor a kind
	}
	if hdr[0] == unix.AF_BRIDGE {
		return nil
	}
	mask, _ := attrs.U32(unix.IFLA_EXT_MASK)
	for _, l := range s.conf.Links() {
		r.Dump(fillLink(r.Header(unix.RTM_NEWLINK, flags), l, s.conf.Stats(l.Index), 0, mask))
	}
	return nil
}

// find finds the link that a request is about, by index or name.
func (s *Server) find(index int32, attrs nl.Attrs) (*netconf.Link, error) {
	name, hasName := attrs.String(unix.IFLA_IFNAME)
	if !hasName {
		name, hasName = attrs.String(iflaAltIfname)
	}
	switch {
	case index > 0:
		if l := s.conf.Link(int(index)); l != nil {
			return l, nil
		}
	case index < 0:
		return nil, fail(unix.EINVAL, "ifindex can't be negative")
	case hasName:
		if l := s.conf.LinkByName(name); l != nil {
			return l, nil
		}
	default:
		return nil, unix.EINVAL
	}
	return nil, unix.ENODEV
}

// getLink is RTM_GETLINK for one link (rtnl_getlink).
func (s *Server) getLink(r *nlsock.Request) error {
	hdr, attrs, err := parse(r, unix.SizeofIfInfomsg)
	if err != nil {
		return err
	}
	l, err := s.find(int32(binary.NativeEndian.Uint32(hdr[4:])), attrs)
	if err != nil {
		return err
	}
	mask, _ := attrs.U32(unix.IFLA_EXT_MASK)
	r.Reply(fillLink(r.Header(unix.RTM_NEWLINK, 0), l, s.conf.Stats(l.Index), 0, mask))
	return nil
}

// newLink is RTM_NEWLINK: it changes a link that is there. New ones cannot be
// made.
func (s *Server) newLink(r *nlsock.Request) error {
	hdr, attrs, err := parse(r, unix.SizeofIfInfomsg)
	if err != nil {
		return err
	}
	l, err := s.find(int32(binary.NativeEndian.Uint32(hdr[4:])), attrs)
	if err == unix.EINVAL { // no link is named, which iproute2 does to see whether there is RTM_NEWLINK
		err = unix.ENODEV
	}
	switch {
	case err == unix.ENODEV && r.Flags&unix.NLM_F_CREATE != 0:
		if attrs.Has(unix.IFLA_MAP) || attrs.Has(unix.IFLA_PROTINFO) {
			return unix.EOPNOTSUPP
		}
		return fail(unix.EOPNOTSUPP, "Unknown device type")
	case err != nil:
		return err
	case r.Flags&unix.NLM_F_EXCL != 0:
		return unix.EEXIST
	case r.Flags&unix.NLM_F_REPLACE != 0:
		return unix.EOPNOTSUPP
	}
	return s.change(l, hdr, attrs)
}

// setLink is RTM_SETLINK.
func (s *Server) setLink(r *nlsock.Request) error {
	hdr, attrs, err := parse(r, unix.SizeofIfInfomsg)
	if err != nil {
		return err
	}
	l, err := s.find(int32(binary.NativeEndian.Uint32(hdr[4:])), attrs)
	if err != nil {
		return err
	}
	return s.change(l, hdr, attrs)
}

// delLink is RTM_DELLINK.
func (s *Server) delLink(r *nlsock.Request) error {
	hdr, attrs, err := parse(r, unix.SizeofIfInfomsg)
	if err != nil {
		return err
	}
	l, err := s.find(int32(binary.NativeEndian.Uint32(hdr[4:])), attrs)
	if err != nil {
		return err
	}
	return s.conf.DelLink(l.Index)
}

// change is do_setlink.
func (s *Server) change(l *netconf.Link, hdr []byte, attrs nl.Attrs) error {
	flags, mask := binary.NativeEndian.Uint32(hdr[8:]), binary.NativeEndian.Uint32(hdr[12:])
	if flags != 0 && mask == 0 {
		mask = math.MaxUint32
	}
	ch := netconf.LinkChange{Flags: flags, Mask: mask}
	for _, typ := range []int{unix.IFLA_NET_NS_PID, unix.IFLA_NET_NS_FD, unix.IFLA_MASTER, unix.IFLA_VFINFO_LIST, unix.IFLA_VF_PORTS, iflaPropList} {
		if a, ok := attrs[typ]; ok {
			if v, _ := attrs.U32(typ); typ == unix.IFLA_MASTER && v == 0 {
				continue
			}
			return failAt(unix.EOPNOTSUPP, "", a)
		}
	}
	if name, ok := attrs.String(unix.IFLA_IFNAME); ok && binary.NativeEndian.Uint32(hdr[4:]) != 0 {
		ch.Name = &name
	}
	if alias, ok := attrs.String(unix.IFLA_IFALIAS); ok {
		ch.Alias = &alias
	}
	if a, ok := attrs[unix.IFLA_ADDRESS]; ok {
		ch.Addr = a.Value
	}
	if a, ok := attrs[unix.IFLA_BROADCAST]; ok {
		ch.Broadcast = a.Value
	}
	ch.MTU = number(attrs, unix.IFLA_MTU)
	ch.TxQLen = number(attrs, unix.IFLA_TXQLEN)
	ch.Group = number(attrs, unix.IFLA_GROUP)
	if v, ok := attrs.U8(unix.IFLA_CARRIER); ok {
		on := v != 0
		ch.Carrier = &on
	}
	if a, ok := attrs[unix.IFLA_PROTO_DOWN]; ok {
		return failAt(unix.EOPNOTSUPP, "Protodown not supported by device", a)
	}
	if spec, ok := attrs[unix.IFLA_AF_SPEC]; ok {
		if err := genMode(spec, &ch); err != nil {
			return err
		}
	}
	return s.conf.SetLink(l.Index, &ch)
}

func number(attrs nl.Attrs, typ int) *uint32 {
	if v, ok := attrs.U32(typ); ok {
		return &v
	}
	return nil
}

// genMode reads IFLA_INET6_ADDR_GEN_MODE, the only setting of an address family
// that links have here.
func genMode(spec nl.Attr, ch *netconf.LinkChange) error {
	families, _ := nl.ParseAttrs(spec.Value, spec.Offset+4)
	six, ok := families[unix.AF_INET6]
	if !ok {
		return nil
	}
	attrs, _ := nl.ParseAttrs(six.Value, six.Offset+4)
	mode, ok := attrs.U8(unix.IFLA_INET6_ADDR_GEN_MODE)
	if !ok {
		return nil
	}
	if mode > netconf.GenModeRandom {
		return failAt(unix.EINVAL, "", attrs[unix.IFLA_INET6_ADDR_GEN_MODE])
	}
	ch.GenMode = &mode
	return nil
}
