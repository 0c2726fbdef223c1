// SPDX-License-Identifier: Apache-2.0

// Package mactable remembers where MAC addresses were last seen: the
// forwarding table of a learning bridge.
package mactable

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Key is a MAC address in a VLAN.
type Key uint64

// KeyOf makes a key of the first 6 bytes of mac and a VLAN number.
func KeyOf(mac []byte, vlan uint16) Key {
	_ = mac[5]
	return Key(mac[0])<<40 | Key(mac[1])<<32 | Key(mac[2])<<24 | Key(mac[3])<<16 |
		Key(mac[4])<<8 | Key(mac[5]) | Key(vlan)<<48
}

// IsGroup tells whether mac is a broadcast or multicast address.
func IsGroup(mac []byte) bool { return mac[0]&1 != 0 }

// Table maps keys to values of type V. Its size is fixed, so that nobody can
// make it grow by inventing addresses: of two keys that meet in one slot the
// later one stays. Safe for concurrent use.
type Table[V comparable] struct {
	mu     sync.RWMutex
	slots  []slot[V]
	seed   uint64
	expire time.Duration
}

type slot[V comparable] struct {
	key  Key
	seen time.Time // zero: empty
	val  V
}

// New makes a table of at least size slots, whose entries are forgotten after
// expire. seed, unless 0, makes it reproducible which keys meet.
func New[V comparable](size int, expire time.Duration, seed uint64) *Table[V] {
	n := 1
	for n < size {
		n *= 2
	}
	if seed == 0 {
		seed = rand.Uint64()
	}
	return &Table[V]{slots: make([]slot[V], n), seed: seed, expire: expire}
}

// slot returns where k belongs: a multiplicative hash (Fibonacci hashing),
// folded so that the high bits count.
func (t *Table[V]) slot(k Key) *slot[V] {
	h := (uint64(k) ^ t.seed) * 0x9e3779b97f4a7c15
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	h ^= h >> 32
	return &t.slots[h&uint64(len(t.slots)-1)]
}

// Learn notes that k was seen at val.
func (t *Table[V]) Learn(k Key, val V, now time.Time) {
	t.mu.Lock()
	*t.slot(k) = slot[V]{key: k, seen: now, val: val}
	t.mu.Unlock()
}

// Find tells where k was last seen, if that is not too long ago.
func (t *Table[V]) Find(k Key, now time.Time) (val V, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	s := t.slot(k)
	if s.seen.IsZero() || s.key != k || now.Sub(s.seen) > t.expire {
		return val, false
	}
	return s.val, true
}

// Forget removes everything seen at val.
func (t *Table[V]) Forget(val V) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.slots {
		if t.slots[i].val == val {
			t.slots[i] = slot[V]{}
		}
	}
}
