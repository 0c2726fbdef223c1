// SPDX-License-Identifier: Apache-2.0

package mactable

import (
	"testing"
	"time"
)

func TestTable(t *testing.T) {
	mac := []byte{2, 0, 0, 0, 0, 1}
	tab := New[int](64, time.Minute, 1)
	now := time.Now()
	find := func(k Key, at time.Time, want int, wantOK bool) {
		t.Helper()
		if v, ok := tab.Find(k, at); v != want || ok != wantOK {
			t.Errorf("Find = %d, %v; want %d, %v", v, ok, want, wantOK)
		}
	}
	find(KeyOf(mac, 0), now, 0, false)
	find(0, now, 0, false) // what an empty slot looks like
	tab.Learn(KeyOf(mac, 0), 7, now)
	find(KeyOf(mac, 0), now, 7, true)
	find(KeyOf(mac, 1), now, 0, false)
	find(KeyOf(mac, 0), now.Add(time.Minute), 7, true)
	find(KeyOf(mac, 0), now.Add(time.Minute+1), 0, false)
	tab.Learn(KeyOf(mac, 0), 8, now)
	find(KeyOf(mac, 0), now, 8, true)
	tab.Forget(7)
	find(KeyOf(mac, 0), now, 8, true)
	tab.Forget(8)
	find(KeyOf(mac, 0), now, 0, false)
}

// TestSpread checks that consecutive addresses, as virtual machines have them,
// do not pile up in few slots.
func TestSpread(t *testing.T) {
	tab := New[int](1024, time.Minute, 0)
	now := time.Now()
	for i := range 512 {
		tab.Learn(KeyOf([]byte{2, 0, 0, 0, byte(i >> 8), byte(i)}, 0), i, now)
	}
	found := 0
	for i := range 512 {
		if v, ok := tab.Find(KeyOf([]byte{2, 0, 0, 0, byte(i >> 8), byte(i)}, 0), now); ok && v == i {
			found++
		}
	}
	if found < 480 { // sets of four, filled with two each
		t.Errorf("only %d of 512 are found", found)
	}
}

// TestMeeting: up to four keys have room wherever they meet, in a table of any size.
func TestMeeting(t *testing.T) {
	tab := New[int](1, time.Minute, 0)
	now := time.Now()
	key := func(i int) Key { return KeyOf([]byte{2, 0, 0, 0, 0, byte(i)}, 0) }
	for i := range 5 {
		tab.Learn(key(i), i, now.Add(time.Duration(i)))
	}
	for i := range 5 {
		if v, ok := tab.Find(key(i), now); ok != (i > 0) || ok && v != i {
			t.Errorf("key %d: %d, %v", i, v, ok)
		}
	}
}
