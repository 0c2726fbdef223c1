// SPDX-License-Identifier: Apache-2.0

package rtnl

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"vuos.dev/vunet/netconf"
	"vuos.dev/vunet/nl"
	"vuos.dev/vunet/nlsock"
)

const sizeofRuleHdr = unix.SizeofRtMsg // struct fib_rule_hdr has the same length

// fillRule is fib_nl_fill_rule.
func fillRule(h nl.Header, r *netconf.Rule) []byte {
	hdr := make([]byte, sizeofRuleHdr)
	hdr[0], hdr[3], hdr[7] = r.Family, r.TOS, r.Action
	if r.Dst.IsValid() {
		hdr[1] = uint8(r.Dst.Bits())
	}
	if r.Src.IsValid() {
		hdr[2] = uint8(r.Src.Bits())
	}
	hdr[4] = unix.RT_TABLE_COMPAT
	if r.Table < 256 {
		hdr[4] = uint8(r.Table)
	}
	binary.NativeEndian.PutUint32(hdr[8:], r.Flags)
	m := nl.New(h).Raw(hdr)
	m.U32(unix.FRA_TABLE, r.Table)
	m.U32(unix.FRA_SUPPRESS_PREFIXLEN, uint32(r.Suppress))
	m.U8(unix.FRA_PROTOCOL, r.Proto)
	if r.IIf != "" {
		m.String(unix.FRA_IIFNAME, r.IIf)
	}
	if r.OIf != "" {
		m.String(unix.FRA_OIFNAME, r.OIf)
	}
	if r.Priority != 0 {
		m.U32(unix.FRA_PRIORITY, r.Priority)
	}
	if r.Mark != 0 {
		m.U32(unix.FRA_FWMARK, r.Mark)
	}
	if r.Mark != 0 || r.Mask != 0 {
		m.U32(unix.FRA_FWMASK, r.Mask)
	}
	if r.Goto != 0 {
		m.U32(unix.FRA_GOTO, r.Goto)
	}
	if r.UIDRange != nil {
		m.Bytes(unix.FRA_UID_RANGE, words(r.UIDRange[:]))
	}
	if r.IPProto != 0 {
		m.U8(unix.FRA_IP_PROTO, r.IPProto)
	}
	if r.Src.IsValid() && r.Src.Bits() > 0 {
		m.Bytes(unix.FRA_SRC, r.Src.Addr().AsSlice())
	}
	if r.Dst.IsValid() && r.Dst.Bits() > 0 {
		m.Bytes(unix.FRA_DST, r.Dst.Addr().AsSlice())
	}
	return m.End()
}

var ruleDump = dumpRule{
	what: "fib rule dump", size: sizeofRuleHdr, zero: []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, attrs: map[int]bool{},
}

// dumpRules is RTM_GETRULE with NLM_F_DUMP (fib_nl_dumprule).
func (s *Server) dumpRules(r *nlsock.Request) error {
	hdr, _, err := ruleDump.parse(r)
	if err != nil {
		return err
	}
	for _, x := range s.conf.Rules() {
		if hdr[0] == 0 || hdr[0] == x.Family {
			r.Dump(fillRule(r.Header(unix.RTM_NEWRULE, unix.NLM_F_MULTI), x))
		}
	}
	return nil
}

// parseRule decodes RTM_NEWRULE and RTM_DELRULE (fib_nl2rule).
func parseRule(r *nlsock.Request) (*netconf.Rule, nl.Attrs, error) {
	hdr, attrs, err := parse(r, sizeofRuleHdr)
	if err != nil {
		return nil, nil, fail(unix.EINVAL, "Invalid msg length")
	}
	fam := hdr[0]
	if fam != unix.AF_INET && fam != unix.AF_INET6 {
		return nil, nil, fail(unix.EAFNOSUPPORT, "Rule family not supported")
	}
	x := &netconf.Rule{Family: fam, TOS: hdr[3], Table: uint32(hdr[4]), Action: hdr[7], Suppress: -1}
	x.Flags = binary.NativeEndian.Uint32(hdr[8:]) & unix.FIB_RULE_INVERT
	if hdr[2] > 0 && !attrs.IP(unix.FRA_SRC, fam).IsValid() || hdr[1] > 0 && !attrs.IP(unix.FRA_DST, fam).IsValid() {
		return nil, nil, fail(unix.EINVAL, "Invalid address")
	}
	if x.Src, err = prefix(attrs, unix.FRA_SRC, fam, hdr[2]); err != nil {
		return nil, nil, err
	}
	if x.Dst, err = prefix(attrs, unix.FRA_DST, fam, hdr[1]); err != nil {
		return nil, nil, err
	}
	x.Src, x.Dst = x.Src.Masked(), x.Dst.Masked()
	if v, ok := attrs.U32(unix.FRA_TABLE); ok {
		x.Table = v
	}
	x.Priority, _ = attrs.U32(unix.FRA_PRIORITY)
	x.Proto, _ = attrs.U8(unix.FRA_PROTOCOL)
	x.IIf, _ = attrs.String(unix.FRA_IIFNAME)
	x.OIf, _ = attrs.String(unix.FRA_OIFNAME)
	x.Goto, _ = attrs.U32(unix.FRA_GOTO)
	x.IPProto, _ = attrs.U8(unix.FRA_IP_PROTO)
	if v, ok := attrs.U32(unix.FRA_SUPPRESS_PREFIXLEN); ok {
		x.Suppress = int32(v)
	}
	if v, ok := attrs.U32(unix.FRA_FWMARK); ok {
		x.Mark, x.Mask = v, ^uint32(0)
	}
	if v, ok := attrs.U32(unix.FRA_FWMASK); ok {
		x.Mask = v
	}
	if u, ok := attrs[unix.FRA_UID_RANGE]; ok && len(u.Value) >= 8 {
		x.UIDRange = &[2]uint32{binary.NativeEndian.Uint32(u.Value), binary.NativeEndian.Uint32(u.Value[4:])}
	}
	return x, attrs, checkRule(x, attrs)
}

func checkRule(x *netconf.Rule, attrs nl.Attrs) error {
	if len(x.IIf) >= unix.IFNAMSIZ || len(x.OIf) >= unix.IFNAMSIZ {
		return unix.EINVAL
	}
	if x.UIDRange != nil && x.UIDRange[0] > x.UIDRange[1] {
		return failAt(unix.EINVAL, "Invalid UID range", attrs[unix.FRA_UID_RANGE])
	}
	if x.Action == unix.FR_ACT_GOTO && x.Goto == 0 {
		return fail(unix.EINVAL, "Invalid goto")
	}
	for _, typ := range []int{unix.FRA_TUN_ID, unix.FRA_L3MDEV, unix.FRA_SPORT_RANGE, unix.FRA_DPORT_RANGE} {
		if a, ok := attrs[typ]; ok {
			return failAt(unix.EOPNOTSUPP, "Not supported by this stack", a)
		}
	}
	return nil
}

// newRule is RTM_NEWRULE.
func (s *Server) newRule(r *nlsock.Request) error {
	x, attrs, err := parseRule(r)
	if err != nil {
		return err
	}
	if x.Action == unix.FR_ACT_TO_TBL && x.Table == 0 {
		return fail(unix.EINVAL, "Invalid table")
	}
	return s.conf.AddRule(x, r.Flags&unix.NLM_F_EXCL != 0, attrs.Has(unix.FRA_PRIORITY))
}

// delRule is RTM_DELRULE: the first rule that has what the request names.
func (s *Server) delRule(r *nlsock.Request) error {
	x, attrs, err := parseRule(r)
	if err != nil {
		return err
	}
	return s.conf.DelRule(func(o *netconf.Rule) bool {
		return o.Family == x.Family &&
			(x.Action == 0 || o.Action == x.Action) && (x.Table == 0 || o.Table == x.Table) &&
			(!attrs.Has(unix.FRA_PRIORITY) || o.Priority == x.Priority) &&
			(x.IIf == "" || o.IIf == x.IIf) && (x.OIf == "" || o.OIf == x.OIf) &&
			(!attrs.Has(unix.FRA_FWMARK) || o.Mark == x.Mark) &&
			(!attrs.Has(unix.FRA_FWMASK) || o.Mask == x.Mask) &&
			(x.Src.Bits() == 0 || o.Src == x.Src) && (x.Dst.Bits() == 0 || o.Dst == x.Dst) &&
			(x.TOS == 0 || o.TOS == x.TOS) &&
			o.Flags&unix.FIB_RULE_INVERT == x.Flags&unix.FIB_RULE_INVERT
	})
}
