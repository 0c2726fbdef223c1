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
// make it grow by inventing addresses: of more than four keys that meet in one set of slots
// those seen last stay. Safe for concurrent use.
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
	for n < max(size, ways) {
		n *= 2
	}
	if seed == 0 {
		seed = rand.Uint64()
	}
	return &Table[V]{slots: make([]slot[V], n), seed: seed, expire: expire}
}

// ways is how many slots a key can be in.
const ways = 4

// set returns where k may be: a multiplicative hash (Fibonacci hashing),
// folded so that the high bits count.
func (t *Table[V]) set(k Key) []slot[V] {
	h := (uint64(k) ^ t.seed) * 0x9e3779b97f4a7c15
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	h ^= h >> 32
	at := h & uint64(len(t.slots)-1) &^ (ways - 1)
	return t.slots[at : at+ways]
}

// Learn notes that k was seen at val.
func (t *Table[V]) Learn(k Key, val V, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	set, oldest := t.set(k), 0
	for i := range set {
		if set[i].key == k && !set[i].seen.IsZero() {
			oldest = i
			break
		}
		if set[i].seen.Before(set[oldest].seen) {
			oldest = i
		}
	}
	set[oldest] = slot[V]{key: k, seen: now, val: val}
}

// Find tells where k was last seen, if that is not too long ago.
func (t *Table[V]) Find(k Key, now time.Time) (val V, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, s := range t.set(k) {
		if s.key == k && !s.seen.IsZero() && now.Sub(s.seen) <= t.expire {
			return s.val, true
		}
	}
	return val, false
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
