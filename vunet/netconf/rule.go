// SPDX-License-Identifier: Apache-2.0

package netconf

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// Rule says which table packets are routed by (ip-rule(8)).
type Rule struct {
	Family   uint8
	Priority uint32
	Action   uint8 // FR_ACT_*
	Table    uint32
	Src, Dst netip.Prefix // zero: any
	TOS      uint8
	Mark     uint32
	Mask     uint32
	IIf, OIf string
	Goto     uint32
	Flags    uint32 // FIB_RULE_*
	Proto    uint8
	Suppress int32 // suppress_prefixlength; -1: none

	UIDRange *[2]uint32
	IPProto  uint8
	Sport    *[2]uint16
	Dport    *[2]uint16
}

// matches tells whether the rule is about a packet.
func (r *Rule) matches(q *Query) bool {
	hit := r.selects(q)
	if r.Flags&unix.FIB_RULE_INVERT != 0 {
		return !hit
	}
	return hit
}

func (r *Rule) selects(q *Query) bool {
	if r.Src.IsValid() && r.Src.Bits() > 0 && !(q.Src.IsValid() && r.Src.Contains(q.Src)) {
		return false
	}
	if r.Dst.IsValid() && r.Dst.Bits() > 0 && !r.Dst.Contains(q.Dst) {
		return false
	}
	if (r.Mark^q.Mark)&r.Mask != 0 {
		return false
	}
	if r.TOS != 0 && r.TOS != q.TOS {
		return false
	}
	if r.IIf != "" && r.IIf != q.iifName || r.OIf != "" && r.OIf != q.oifName {
		return false
	}
	if r.UIDRange != nil && (q.UID < r.UIDRange[0] || q.UID > r.UIDRange[1]) {
		return false
	}
	return r.IPProto == 0 && r.Sport == nil && r.Dport == nil
}

// same tells whether o is the same rule, for RTM_NEWRULE with NLM_F_EXCL.
func (r *Rule) same(o *Rule) bool {
	return r.Family == o.Family && r.Priority == o.Priority && r.Action == o.Action &&
		r.Table == o.Table && r.Src == o.Src && r.Dst == o.Dst && r.TOS == o.TOS &&
		r.Mark == o.Mark && r.Mask == o.Mask && r.IIf == o.IIf && r.OIf == o.OIf &&
		r.Goto == o.Goto && r.Flags&unix.FIB_RULE_INVERT == o.Flags&unix.FIB_RULE_INVERT &&
		r.IPProto == o.IPProto
}

// defaultRules are those that every network namespace starts with.
func defaultRules() []*Rule {
	mk := func(fam uint8, prio, table uint32) *Rule {
		return &Rule{Family: fam, Priority: prio, Action: unix.FR_ACT_TO_TBL, Table: table,
			Proto: unix.RTPROT_KERNEL, Suppress: -1}
	}
	return []*Rule{
		mk(unix.AF_INET, 0, unix.RT_TABLE_LOCAL),
		mk(unix.AF_INET, 32766, unix.RT_TABLE_MAIN),
		mk(unix.AF_INET, 32767, unix.RT_TABLE_DEFAULT),
		mk(unix.AF_INET6, 0, unix.RT_TABLE_LOCAL),
		mk(unix.AF_INET6, 32766, unix.RT_TABLE_MAIN),
	}
}
