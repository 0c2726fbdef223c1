// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"testing"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/seccomp"
	"vuos.dev/engine/internal/seccomp/seccomptest"
)

// rowTraps is the table as the filter is made from it.
func rowTraps() map[int]seccomp.Trap {
	traps := map[int]seccomp.Trap{}
	for _, e := range table {
		traps[e.nr] = e.trap
	}
	return traps
}

// Each call is notified exactly when its row says so; calls without a row never are.
func TestFilterFollowsTable(t *testing.T) {
	code, traps := Filter(), rowTraps()
	values := []uint64{0, 2, 3, 239, 240, 767, 768, 1023, 1024, 1 << 32, 1<<64 - 1}
	for _, e := range table {
		for _, v := range e.trap.Values {
			values = append(values, uint64(v))
		}
	}
	for nr := int32(-8); nr < maxNr+8; nr++ {
		for arg := range 6 {
			for _, v := range values {
				d := &seccomptest.Data{NR: nr, Arch: unix.AUDIT_ARCH_X86_64, Args: [6]uint64{3, 3, 3, 3, 3, 3}}
				d.Args[arg] = v
				got, err := seccomptest.Run(code, d)
				if want := seccomptest.Want(traps, d); err != nil || got != want {
					t.Fatalf("%d (%s), argument %d is %#x: %#x (%v), want %#x", nr, nameOf(nr), arg, v, got, err, want)
				}
			}
		}
	}
}

func nameOf(nr int32) string {
	for _, e := range table {
		if e.nr == int(nr) {
			return e.name
		}
	}
	return "no row"
}

// The kernel takes filters of at most BPF_MAXINSNS instructions.
func TestFilterSize(t *testing.T) {
	if n := len(Filter()); n > 4096 {
		t.Errorf("%d instructions", n)
	}
}

func TestTableRows(t *testing.T) {
	seen := map[int]string{}
	for _, e := range table {
		if other, ok := seen[e.nr]; ok {
			t.Errorf("%s and %s have the same number", e.name, other)
		}
		seen[e.nr] = e.name
		if e.nr < 0 || e.nr >= maxNr {
			t.Errorf("%s: number %d", e.name, e.nr)
		}
		if refused := e.trap.Kind == seccomp.Refuse; refused == (e.handle != nil) {
			t.Errorf("%s: a call has a handler if it is not refused", e.name)
		}
		if e.trap.Kind == seccomp.Pass {
			t.Errorf("%s: has a row, but is never notified", e.name)
		}
	}
}
