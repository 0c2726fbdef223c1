// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// named gives the copy one more name if it has not got it, and hands it out.
func (c *Cache) named(e *entry, name string) (*Binary, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := e.names[name]; !ok {
		if err := unix.Linkat(e.fd, e.first, e.fd, name, 0); err != nil {
			c.put(e)
			return nil, fmt.Errorf("link %q in %s: %w", name, e.dir, err)
		}
		e.names[name] = struct{}{}
		e.cost += nameCost
		if e.elem != nil {
			c.bytes += nameCost
		}
	}
	return &Binary{cache: c, entry: e, name: name}, nil
}

func (c *Cache) release(e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(e)
	c.evict()
}

// put gives up a reference. Called with c.mu held.
func (c *Cache) put(e *entry) {
	e.refs--
	if e.refs == 0 && e.elem == nil {
		e.remove()
	}
}

// drop takes e out of the cache; its files go with the last reference. Called
// with c.mu held.
func (c *Cache) drop(e *entry) {
	if e.elem == nil {
		return
	}
	c.recent.Remove(e.elem)
	e.elem = nil
	delete(c.entries, e.slot)
	select {
	case <-e.ready:
		if e.err == nil {
			c.bytes -= e.cost
		}
	default: // not counted yet
	}
	if e.refs == 0 {
		e.remove()
	}
}

// evict drops unused copies, the oldest first, until the rest is small enough.
// Called with c.mu held.
func (c *Cache) evict() {
	for elem := c.recent.Back(); elem != nil && (c.bytes > c.limit || c.recent.Len() > maxEntries); {
		e := elem.Value.(*entry)
		elem = elem.Prev()
		if e.refs == 0 {
			c.drop(e)
		}
	}
}

// Forget drops the copies of the sources whose identity match says yes to: those of a file system that is gone.
func (c *Cache) Forget(match func(id any) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for slot, e := range c.entries {
		if match(slot.id) {
			c.drop(e)
		}
	}
}

// remove deletes the copy's directory.
func (e *entry) remove() {
	if e.fd >= 0 {
		_ = unix.Close(e.fd)
		e.fd = -1
	}
	// What cannot be removed now goes with the private directory.
	_ = os.RemoveAll(e.dir)
}

// Close drops all copies. Those still held go when they are released.
func (c *Cache) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for c.recent.Len() > 0 {
		c.drop(c.recent.Front().Value.(*entry))
	}
	return nil
}
