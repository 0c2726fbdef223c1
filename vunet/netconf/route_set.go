// SPDX-License-Identifier: Apache-2.0

package netconf

import (
	"slices"

	"golang.org/x/sys/unix"
)

// before is the order in which routes are looked up and dumped: IPv4 first, then
// by table, prefix length, prefix and metric.
func (r *Route) before(o *Route) int {
	switch {
	case r.Family != o.Family:
		return int(r.Family) - int(o.Family)
	case r.Dst.Bits() != o.Dst.Bits():
		return o.Dst.Bits() - r.Dst.Bits()
	case r.Dst.Addr() != o.Dst.Addr():
		return r.Dst.Addr().Compare(o.Dst.Addr())
	case r.TOS != o.TOS:
		return int(o.TOS) - int(r.TOS)
	case r.Priority < o.Priority:
		return -1
	case r.Priority > o.Priority:
		return 1
	}
	return 0
}

// place puts a route behind its equals, or before them.
func (c *Config) place(r *Route, first bool) {
	at := slices.IndexFunc(c.routes, func(o *Route) bool {
		d := r.before(o)
		return d < 0 || d == 0 && first
	})
	if at < 0 {
		at = len(c.routes)
	}
	c.routes = slices.Insert(c.routes, at, r)
}

// insertRoute adds a route of the kernel's own, unless it is there.
func (c *Config) insertRoute(r *Route) {
	for _, o := range c.routes {
		if o.sameKey(r) && (r.Family == unix.AF_INET6 || o.Type == r.Type) && slices.Equal(o.Hops, r.Hops) {
			return
		}
	}
	c.place(r, false)
	c.emitRoute(r, false)
}

// dropRoutes removes routes; subscribers are told if tell is set (the kernel
// removes IPv4 routes of a link that goes down silently).
func (c *Config) dropRoutes(match func(*Route) bool, tell bool) {
	var gone []*Route
	c.routes = slices.DeleteFunc(c.routes, func(r *Route) bool {
		if !match(r) {
			return false
		}
		gone = append(gone, r)
		return true
	})
	for _, r := range gone {
		if tell || r.Family == unix.AF_INET6 && r.Type == unix.RTN_UNICAST {
			c.emitRoute(r, true)
		}
	}
}

// AddRoute adds a route with the meaning of the NLM_F_* flags (CREATE, EXCL, REPLACE,
// APPEND) that fib_table_insert and fib6_add_rt2node give them.
//
// Errors: EEXIST, ENOENT, ENODEV, ENETDOWN, ENETUNREACH, EHOSTUNREACH, EINVAL.
func (c *Config) AddRoute(r *Route, flags uint16) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	r = r.clone()
	c.tables[tableKey{r.Family, r.Table}] = true
	if err := c.checkRoute(r); err != nil {
		return err
	}
	if r.Family == unix.AF_INET6 {
		return c.addRoute6(r, flags)
	}
	var same, first *Route
	for _, o := range c.routes {
		if !o.sameKey(r) {
			continue
		}
		if first == nil {
			first = o
		}
		if o.sameWay(r) {
			same = o
		}
	}
	switch {
	case first != nil && flags&unix.NLM_F_EXCL != 0:
		return unix.EEXIST
	case first != nil && flags&unix.NLM_F_REPLACE != 0:
		if same != nil {
			if same == first {
				return nil
			}
			return unix.EEXIST
		}
		c.replace(first, r)
		return nil
	case same != nil:
		return unix.EEXIST
	case first == nil && flags&unix.NLM_F_CREATE == 0:
		return unix.ENOENT
	}
	c.place(r, flags&unix.NLM_F_APPEND == 0)
	c.emitRoute(r, false)
	c.pushRoutes()
	c.schedule()
	return nil
}

// addRoute6 is fib6_add: routes of one key are merged to a multipath route if they
// have gateways and NLM_F_APPEND (or no flag) is given.
func (c *Config) addRoute6(r *Route, flags uint16) error {
	var first *Route
	for _, o := range c.routes {
		if !o.sameKey(r) {
			continue
		}
		if flags&unix.NLM_F_EXCL != 0 {
			return unix.EEXIST
		}
		if flags&unix.NLM_F_REPLACE != 0 {
			c.replace(o, r)
			return nil
		}
		if slices.Equal(o.Hops, r.Hops) && o.Type == r.Type {
			return unix.EEXIST
		}
		first = o
	}
	if first == nil && flags&unix.NLM_F_CREATE == 0 {
		if flags&unix.NLM_F_REPLACE != 0 {
			return fail(unix.ENOENT, "Can not replace route - no match found")
		}
	}
	if first != nil && first.Gateway().IsValid() && r.Gateway().IsValid() && first.Type == r.Type {
		first.Hops = append(first.Hops, r.Hops...)
		c.emitRoute(first, false)
	} else {
		c.place(r, false)
		c.emitRoute(r, false)
	}
	c.pushRoutes()
	c.schedule()
	return nil
}

func (c *Config) replace(old, r *Route) {
	*old = *r
	c.emit(Event{Route: r.clone(), Replaced: true})
	c.pushRoutes()
	c.schedule()
}

// RouteMatch says which route to delete; see DelRoute.
type RouteMatch struct {
	Route                               // zero members (and RT_SCOPE_NOWHERE) match anything
	HasPriority, HasPrefSrc, HasMetrics bool
}

// DelRoute deletes the first route that matches (fib_table_delete, ip6_route_del).
//
// Errors: ESRCH.
func (c *Config) DelRoute(m *RouteMatch) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, r := range c.routes {
		if !m.matches(r) {
			continue
		}
		if r.Family == unix.AF_INET6 && len(r.Hops) > 1 && len(m.Hops) == 1 {
			r.Hops = slices.DeleteFunc(r.Hops, func(h NextHop) bool { return m.Hops[0].leads(&h) })
			c.emitRoute(r, false)
			c.pushRoutes()
			return nil
		}
		c.routes = slices.Delete(c.routes, i, i+1)
		c.emitRoute(r, true)
		c.pushRoutes()
		return nil
	}
	return unix.ESRCH
}

func (m *RouteMatch) matches(r *Route) bool {
	switch {
	case r.Family != m.Family || r.Table != m.Table || r.Dst != m.Dst:
		return false
	case m.Family == unix.AF_INET && r.TOS != m.TOS,
		m.HasPriority && m.Priority != 0 && r.Priority != m.Priority,
		m.Type != 0 && r.Type != m.Type,
		m.Proto != 0 && r.Proto != m.Proto,
		m.Family == unix.AF_INET && m.Scope != unix.RT_SCOPE_NOWHERE && r.Scope != m.Scope,
		m.HasPrefSrc && r.PrefSrc != m.PrefSrc,
		m.HasMetrics && r.Metrics != m.Metrics:
		return false
	}
	if m.Family == unix.AF_INET6 && len(m.Hops) == 1 {
		return slices.ContainsFunc(r.Hops, func(h NextHop) bool { return m.Hops[0].leads(&h) })
	}
	if len(m.Hops) == 0 {
		return true
	}
	return len(m.Hops) == len(r.Hops) && slices.EqualFunc(m.Hops, r.Hops,
		func(a, b NextHop) bool { return a.leads(&b) })
}

// leads tells whether a pattern of a next hop covers o.
func (h *NextHop) leads(o *NextHop) bool {
	return (h.Link == 0 || h.Link == o.Link) && (!h.Gateway.IsValid() || h.Gateway == o.Gateway)
}

// pushRoutes tells the backend what to route by.
func (c *Config) pushRoutes() {
	var out []*Route
	for _, tbl := range [...]uint32{unix.RT_TABLE_LOCAL, unix.RT_TABLE_MAIN, unix.RT_TABLE_DEFAULT} {
		for _, r := range c.routes {
			usable := r.Type == unix.RTN_UNICAST || r.Type == unix.RTN_MULTICAST
			if r.Table == tbl && usable && !c.isLocal(r.Gateway()) {
				out = append(out, r)
			}
		}
	}
	c.backend.SetRoutes(out)
}
