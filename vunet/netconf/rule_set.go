// SPDX-License-Identifier: Apache-2.0

package netconf

import (
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// AddRule adds a rule; without a priority it is placed before the first rule
// that is not at 0 (fib_default_rule_pref).
//
// Errors: EEXIST if excl is set and there is such a rule, EINVAL.
func (c *Config) AddRule(r *Rule, excl, hasPriority bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	cp := *r
	r = &cp
	if !hasPriority {
		r.Priority = c.defaultPriority(r.Family)
	}
	if r.Action == unix.FR_ACT_GOTO && r.Goto <= r.Priority {
		return fail(unix.EINVAL, "Backward goto not supported")
	}
	if excl && slices.ContainsFunc(c.rules, r.same) {
		return unix.EEXIST
	}
	at := slices.IndexFunc(c.rules, func(o *Rule) bool {
		return o.Family > r.Family || o.Family == r.Family && o.Priority > r.Priority
	})
	if at < 0 {
		at = len(c.rules)
	}
	c.rules = slices.Insert(c.rules, at, r)
	c.emitRule(r, false)
	return nil
}

func (c *Config) defaultPriority(fam uint8) uint32 {
	seen := false
	for _, o := range c.rules {
		if o.Family != fam {
			continue
		}
		if seen && o.Priority != 0 {
			return o.Priority - 1
		}
		seen = true
	}
	return 0
}

func (c *Config) emitRule(r *Rule, deleted bool) {
	cp := *r
	c.emit(Event{Rule: &cp, Deleted: deleted})
}

// DelRule deletes the first rule for which match is true.
//
// Errors: ENOENT.
func (c *Config) DelRule(match func(*Rule) bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := slices.IndexFunc(c.rules, match)
	if at < 0 {
		return unix.ENOENT
	}
	r := c.rules[at]
	c.rules = slices.Delete(c.rules, at, at+1)
	c.emitRule(r, true)
	return nil
}

// Neighbours lists the neighbours of a link (0: of all) of a family (0: both).
func (c *Config) Neighbours(link int, fam uint8) []Neighbour {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []Neighbour
	for _, f := range [...]uint8{unix.AF_INET, unix.AF_INET6} {
		for _, l := range c.links {
			if (link == 0 || link == l.Index) && (fam == 0 || fam == f) {
				out = append(out, c.backend.Neighbours(l.Index, f)...)
			}
		}
	}
	return out
}

// AddNeighbour enters a neighbour for good.
//
// Errors: ENODEV, EINVAL, EEXIST if excl is set and it is there, ENOENT if create
// is not set and it is not.
func (c *Config) AddNeighbour(n *Neighbour, create, excl, replace bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.link(n.Link)
	if l == nil {
		return unix.ENODEV
	}
	var old *Neighbour
	for _, o := range c.backend.Neighbours(n.Link, family(n.IP)) {
		if o.IP == n.IP {
			old = &o
		}
	}
	switch {
	case old == nil && !create:
		return unix.ENOENT
	case old != nil && excl:
		return unix.EEXIST
	case old != nil && !replace && len(n.LLAddr) > 0 && string(old.LLAddr) != string(n.LLAddr):
		return nil
	}
	lladdr := n.LLAddr
	if len(lladdr) == 0 {
		if old == nil || len(old.LLAddr) == 0 {
			return unix.EINVAL
		}
		lladdr = old.LLAddr
	}
	if len(l.Addr) > 0 && len(lladdr) < len(l.Addr) {
		return fail(unix.EINVAL, "Invalid link address")
	}
	return c.backend.AddNeighbour(n.Link, n.IP, lladdr)
}

// DelNeighbour forgets a neighbour.
//
// Errors: ENODEV, ENOENT.
func (c *Config) DelNeighbour(link int, ip netip.Addr) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link(link) == nil {
		return unix.ENODEV
	}
	if !c.backend.DelNeighbour(link, ip) {
		return unix.ENOENT
	}
	return nil
}
