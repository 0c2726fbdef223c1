// SPDX-License-Identifier: Apache-2.0

package netconf

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Config is the configuration of one stack. Make it with New.
type Config struct {
	mu          sync.Mutex
	backend     Backend
	links       []*Link // by index
	addrs       []*Addr // in the order in which the kernel lists them
	routes      []*Route
	rules       []*Rule
	tables      map[tableKey]bool // those that were used
	subscribers []func(Event)
	expiry      *time.Timer
	forward4    bool
	forward6    bool
	closed      bool
}

// New makes a configuration without links, with the rules that every network
// namespace has.
func New(b Backend) *Config {
	c := &Config{backend: b, rules: defaultRules(), tables: defaultTables()}
	c.expiry = time.AfterFunc(time.Hour, c.expire)
	c.expiry.Stop()
	return c
}

// Close stops what runs by itself.
func (c *Config) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.expiry.Stop()
}

// AddLink adds a link that the backend has by now. It is down, whatever its
// flags say. For use while the stack is built.
func (c *Config) AddLink(l *Link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l = l.clone()
	l.Flags &^= unix.IFF_UP
	l.V4 = FamilyConfig{Forwarding: c.forward4}
	l.V6 = FamilyConfig{Forwarding: c.forward6, AcceptRA: true, Autoconf: true}
	c.links = append(c.links, l)
	slices.SortFunc(c.links, func(a, b *Link) int { return cmp.Compare(a.Index, b.Index) })
	c.emitLink(l, ^uint32(0))
}

func (c *Config) link(index int) *Link {
	for _, l := range c.links {
		if l.Index == index {
			return l
		}
	}
	return nil
}

func (c *Config) linkByName(name string) *Link {
	for _, l := range c.links {
		if l.Name == name {
			return l
		}
	}
	return nil
}

// Links returns copies of all links, by index.
func (c *Config) Links() []*Link {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]*Link, len(c.links))
	for i, l := range c.links {
		out[i] = l.clone()
	}
	return out
}

// Link returns a copy of the link with an index, or nil.
func (c *Config) Link(index int) *Link {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.link(index); l != nil {
		return l.clone()
	}
	return nil
}

// LinkByName returns a copy of the link with a name, or nil.
func (c *Config) LinkByName(name string) *Link {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.linkByName(name); l != nil {
		return l.clone()
	}
	return nil
}

// Stats are the counters of a link.
func (c *Config) Stats(link int) LinkStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.backend.Stats(link)
}

// Addrs returns copies of all addresses, link by link.
func (c *Config) Addrs() []*Addr {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]*Addr, 0, len(c.addrs))
	for _, l := range c.links {
		for _, a := range c.addrs {
			if a.Link == l.Index {
				cp := *a
				out = append(out, &cp)
			}
		}
	}
	return out
}

// Routes returns copies of all routes in the order in which they are looked
// up: longest prefix first, then metric.
func (c *Config) Routes() []*Route {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]*Route, len(c.routes))
	for i, r := range c.routes {
		out[i] = c.shown(r)
	}
	return out
}

// Rules returns copies of all rules in order of priority.
func (c *Config) Rules() []*Rule {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]*Rule, len(c.rules))
	for i, r := range c.rules {
		cp := *r
		if r.IIf != "" && c.linkByName(r.IIf) == nil {
			cp.Flags |= unix.FIB_RULE_IIF_DETACHED
		}
		if r.OIf != "" && c.linkByName(r.OIf) == nil {
			cp.Flags |= unix.FIB_RULE_OIF_DETACHED
		}
		out[i] = &cp
	}
	return out
}
