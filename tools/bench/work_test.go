// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// TestMeasure: rows with the same work are printed with their ratio; different work is an error.
func TestMeasure(t *testing.T) {
	p, q := startHere(t, "one"), startHere(t, "two")
	var out bytes.Buffer
	b := &bench{rounds: 2, out: &out}
	w := work{name: "sleep", limits: []limit{{"two", "one", 0.1}}, who: []contender{
		{place: p, run: "echo 1000; echo b; echo a", timed: true},
		{place: q, run: "echo 500; echo a; echo b", timed: true},
	}}
	if err := b.measure(w); err != nil {
		t.Fatal(err)
	}
	if s := out.String(); !strings.Contains(s, "0.50") || !strings.Contains(s, "over (0.50)") || b.over != 1 {
		t.Errorf("%s", s)
	}
	w.who[1].run = "echo 500; echo a"
	if err := b.measure(w); err == nil || !strings.Contains(err.Error(), "two did another work than one") {
		t.Errorf("error %v", err)
	}
	w.who[1].run = "echo 500; exit 3"
	if err := b.measure(w); err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("error %v", err)
	}
}

// startHere is a place outside of any view.
func startHere(t *testing.T, name string) *place {
	t.Helper()
	p, err := start(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		30 * time.Nanosecond: "30 ns", 1500 * time.Nanosecond: "1.5 µs",
		20 * time.Millisecond: "20 ms", 2100 * time.Millisecond: "2.1 s",
	} {
		if got := short(d); got != want {
			t.Errorf("%d: %s", d, got)
		}
	}
}

func TestChoose(t *testing.T) {
	if all, err := choose(""); err != nil || len(all) != len(groups) {
		t.Error(all, err)
	}
	if one, err := choose("disk"); err != nil || len(one) != 1 || one[0].name != "disk" {
		t.Error(one, err)
	}
	if _, err := choose("disk,nothing"); err == nil {
		t.Error("no error for a group that is not there")
	}
}
