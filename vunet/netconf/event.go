// SPDX-License-Identifier: Apache-2.0

package netconf

// Event is a change of the configuration. Exactly one of the pointers is set;
// what it points to is a copy.
type Event struct {
	Deleted bool
	Changed uint32 // IFF_* bits of a link that changed (ifi_change)
	Link    *Link
	Addr    *Addr
	Route   *Route
	Rule    *Rule
	Neigh   *Neighbour

	Replaced bool // a route that took the place of another (NLM_F_REPLACE)
}

// Subscribe has f called for each change, in order, with the configuration
// locked. It cannot be undone.
func (c *Config) Subscribe(f func(Event)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.subscribers = append(c.subscribers, f)
}

func (c *Config) emit(e Event) {
	for _, f := range c.subscribers {
		f(e)
	}
}

func (c *Config) emitLink(l *Link, changed uint32) {
	c.emit(Event{Link: l.clone(), Changed: changed})
}

func (c *Config) emitAddr(a *Addr, deleted bool) {
	cp := *a
	c.emit(Event{Addr: &cp, Deleted: deleted})
}

func (c *Config) emitRoute(r *Route, deleted bool) {
	c.emit(Event{Route: c.shown(r), Deleted: deleted})
}
