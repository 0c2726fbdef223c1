// SPDX-License-Identifier: Apache-2.0

package netconf

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// Query asks which way a packet goes.
type Query struct {
	Dst, Src netip.Addr // Src may be invalid
	OIf, IIf int
	TOS      uint8
	Mark     uint32
	UID      uint32

	iifName, oifName string
}

// Answer is the way a packet goes.
type Answer struct {
	Route *Route // a copy; the matching entry
	Hop   NextHop
	Src   netip.Addr // the source address that would be used; may be invalid
	Local bool       // to this stack itself
}

// Lookup finds the way of a packet by the rules and tables (fib_lookup).
//
// Errors: ENETUNREACH, and what blackhole, unreachable and prohibit routes and
// rules say.
func (c *Config) Lookup(q Query) (*Answer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lookup(&q)
}

func (c *Config) lookup(q *Query) (*Answer, error) {
	fam := family(q.Dst)
	q.iifName = "lo"
	if l := c.link(q.IIf); l != nil {
		q.iifName = l.Name
	}
	if l := c.link(q.OIf); l != nil {
		q.oifName = l.Name
	}
	skip := uint32(0)
	for _, rule := range c.rules {
		if rule.Family != fam || rule.Priority < skip || !rule.matches(q) {
			continue
		}
		switch rule.Action {
		case unix.FR_ACT_GOTO:
			skip = rule.Goto
			continue
		case unix.FR_ACT_BLACKHOLE:
			return nil, unix.EINVAL
		case unix.FR_ACT_UNREACHABLE:
			return nil, unix.ENETUNREACH
		case unix.FR_ACT_PROHIBIT:
			return nil, unix.EACCES
		case unix.FR_ACT_TO_TBL:
		default:
			continue
		}
		r, hop := c.lookupTable(rule.Table, q)
		if r == nil || r.Dst.Bits() <= int(rule.Suppress) {
			continue
		}
		if errno := r.Reject(); errno == unix.EAGAIN {
			continue
		} else if errno != 0 {
			return nil, errno
		}
		return c.answer(q, r, hop), nil
	}
	return nil, unix.ENETUNREACH
}

// lookupTable is fib_table_lookup: the first match in the order of place.
func (c *Config) lookupTable(table uint32, q *Query) (*Route, NextHop) {
	for _, r := range c.routes {
		if r.Table != table || !r.Dst.Contains(q.Dst) || r.TOS != 0 && r.TOS != q.TOS {
			continue
		}
		if r.Reject() != 0 {
			return r, NextHop{}
		}
		for _, h := range r.Hops {
			if r.Type != unix.RTN_LOCAL && (q.OIf != 0 && h.Link != q.OIf || !c.link(h.Link).Up()) {
				continue
			}
			return r, h
		}
	}
	return nil, NextHop{}
}

func (c *Config) answer(q *Query, r *Route, hop NextHop) *Answer {
	a := &Answer{Route: r.clone(), Hop: hop, Src: q.Src, Local: r.Type == unix.RTN_LOCAL}
	if !a.Src.IsValid() {
		a.Src = r.PrefSrc
	}
	if !a.Src.IsValid() && a.Local {
		a.Src = q.Dst
	}
	if !a.Src.IsValid() {
		a.Src = c.sourceFor(hop, q.Dst)
	}
	return a
}

// sourceFor chooses a source address: for IPv4 the first one on the network of the next hop,
// else the first one of the link (inet_select_addr); for IPv6 one of the smallest scope
// that is enough, with the longest common prefix (RFC 6724, rules 2, 3 and 8).
func (c *Config) sourceFor(hop NextHop, dst netip.Addr) netip.Addr {
	next := hop.Gateway
	if !next.IsValid() {
		next = dst
	}
	var best *Addr
	for _, a := range c.linkAddrs(hop.Link, family(dst)) {
		switch {
		case a.Tentative() || dst.Is4() && a.Scope > unix.RT_SCOPE_LINK:
		case best == nil:
			best = a
		case dst.Is4():
			if !best.Prefix().Contains(next) && a.Prefix().Contains(next) {
				best = a
			}
		case better6(a, best, dst):
			best = a
		}
	}
	if best == nil {
		return netip.Addr{}
	}
	return best.Local
}

func better6(a, b *Addr, dst netip.Addr) bool {
	need := addrScope6(dst)
	okA, okB := a.Scope <= need, b.Scope <= need
	if okA != okB {
		return okA
	}
	if a.Scope != b.Scope {
		return a.Scope > b.Scope
	}
	if d := (a.Flags ^ b.Flags) & unix.IFA_F_DEPRECATED; d != 0 {
		return a.Flags&unix.IFA_F_DEPRECATED == 0
	}
	return common(a.Local, dst) > common(b.Local, dst)
}

// common is the number of leading bits that two addresses share.
func common(a, b netip.Addr) int {
	x, y := a.As16(), b.As16()
	n := 0
	for n < 128 && (x[n/8]^y[n/8])&(0x80>>(n%8)) == 0 {
		n++
	}
	return n
}

// Rejects tells whether packets to dst meet a blackhole, unreachable or prohibit
// route or rule, and with which error. It is cheap when there are none.
func (c *Config) Rejects(dst netip.Addr) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	any := false
	for _, r := range c.routes {
		any = any || r.Reject() != 0
	}
	if !any {
		return nil
	}
	_, err := c.lookup(&Query{Dst: dst})
	if err == unix.ENETUNREACH {
		return nil
	}
	return err
}
