// SPDX-License-Identifier: Apache-2.0

package seccomp_test

import (
	"math/rand/v2"
	"testing"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/seccomp"
	"vuos.dev/engine/internal/seccomp/seccomptest"
)

// kinds has a trap of every kind.
var kinds = []seccomp.Trap{
	{Kind: seccomp.Pass},
	{Kind: seccomp.Always},
	{Kind: seccomp.ByFD, Args: []int{0}},
	{Kind: seccomp.ByFD, Args: []int{5}},
	{Kind: seccomp.ByReadFD, Args: []int{0}},
	{Kind: seccomp.ByReadFD, Args: []int{0, 2}, Values: []uint32{3, 4}},
	{Kind: seccomp.ByFD, Args: []int{0, 2}},
	{Kind: seccomp.ByFD, Args: []int{1, 3, 4}},
	{Kind: seccomp.ByMappedFD, Args: []int{3, 4}},
	{Kind: seccomp.ArgEquals, Args: []int{1}, Values: []uint32{7}},
	{Kind: seccomp.ArgEquals, Args: []int{0}, Values: []uint32{0, 9, 1 << 31, 3, 4}},
	{Kind: seccomp.ArgNonzero, Args: []int{4}},
	{Kind: seccomp.ArgHasFlags, Args: []int{0}, Values: []uint32{0x10020000}},
	{Kind: seccomp.ArgHasFlags, Args: []int{0}, Values: []uint32{0x10, 0x20000}, Or: &seccomp.Trap{Kind: seccomp.ArgHasFlags, Args: []int{0}, Values: []uint32{4, 3}}},
	{Kind: seccomp.Refuse, Errno: unix.ENOSYS},
	{Kind: seccomp.Refuse, Errno: unix.EPERM},
	{Kind: seccomp.ArgBetween, Args: []int{1}, Values: []uint32{3, 240}},
	{Kind: seccomp.ByFD, Args: []int{0, 2}, Or: &seccomp.Trap{Kind: seccomp.ArgNonzero, Args: []int{4}}},
	{Kind: seccomp.ByFD, Args: []int{0}, Or: &seccomp.Trap{Kind: seccomp.ArgEquals, Args: []int{1}, Values: []uint32{4, 7},
		Or: &seccomp.Trap{Kind: seccomp.ArgBetween, Args: []int{1}, Values: []uint32{0x20000, 0x10000000}}}},
}

// interesting values of an argument: around the zone, the flags above, and beyond 32 bits.
var interesting = []uint64{
	0, 1, 2, 3, 4, 7, 9, seccomp.Zone - 1, seccomp.Zone, seccomp.Zone + 1, seccomp.ReadZone - 1, seccomp.ReadZone, 1023, 1024, unix.MAP_ANONYMOUS, 0x20000, 0x10000000, 0x10, 0x20010, 0x15, 6, 5,
	1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<32 + 3, 1<<32 + 1, 1<<64 - 1,
}

func check(t *testing.T, code []unix.SockFilter, traps map[int]seccomp.Trap, d *seccomptest.Data) {
	t.Helper()
	got, err := seccomptest.Run(code, d)
	if err != nil {
		t.Fatalf("%+v: %v", *d, err)
	}
	if want := seccomptest.Want(traps, d); got != want {
		t.Fatalf("%+v (%+v): %#x, want %#x", *d, traps[int(d.NR)], got, want)
	}
}

func TestKinds(t *testing.T) {
	traps := map[int]seccomp.Trap{}
	for nr, k := range kinds {
		traps[3*nr] = k
	}
	code := seccomp.Program(traps)
	for nr := int32(-2); nr < int32(3*len(kinds)+2); nr++ {
		for arg := range 6 {
			for _, v := range interesting {
				d := &seccomptest.Data{NR: nr, Arch: unix.AUDIT_ARCH_X86_64, Args: [6]uint64{5, 5, 5, 5, 5, 5}}
				d.Args[arg] = v
				check(t, code, traps, d)
			}
		}
	}
}

// The page from which every call is allowed ends where it should, and does not let through what is refused.
func TestWindow(t *testing.T) {
	traps := map[int]seccomp.Trap{0: kinds[1], 1: kinds[11]}
	code := seccomp.Program(traps)
	for _, ip := range []uint64{
		0, seccomp.Window - 1, seccomp.Window, seccomp.Window + 4095, seccomp.Window + 4096,
		seccomp.Window + 1<<32, seccomp.Window - 1<<32, seccomp.Window & (1<<32 - 1), 1<<64 - 1,
	} {
		for _, nr := range []int32{-5, 0, 1, 2} {
			check(t, code, traps, &seccomptest.Data{NR: nr, Arch: unix.AUDIT_ARCH_X86_64, IP: ip})
		}
	}
}

// Calls of i386 and x32 have other numbers: none gets through.
func TestForeignArchitecture(t *testing.T) {
	const archI386, x32 = 0x40000003, 0x40000000
	code := seccomp.Program(map[int]seccomp.Trap{})
	for _, d := range []seccomptest.Data{
		{NR: 5, Arch: archI386}, {NR: -1, Arch: archI386}, {NR: x32, Arch: unix.AUDIT_ARCH_X86_64}, {NR: x32 + 512, Arch: unix.AUDIT_ARCH_X86_64},
	} {
		if got, err := seccomptest.Run(code, &d); err != nil || got != seccomptest.Errno|uint32(unix.ENOSYS) {
			t.Errorf("%+v: %#x, %v", d, got, err)
		}
	}
}

// Trees of any size and shape, also those whose halves are too far apart for a short jump.
func TestTrees(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for size := 0; size < 400; size += 1 + size/4 {
		traps := map[int]seccomp.Trap{}
		for range size {
			traps[r.IntN(2*size)] = kinds[r.IntN(len(kinds))]
		}
		code := seccomp.Program(traps)
		for nr := range 2*size + 2 {
			d := &seccomptest.Data{NR: int32(nr), Arch: unix.AUDIT_ARCH_X86_64}
			for i := range d.Args {
				d.Args[i] = interesting[r.IntN(len(interesting))]
			}
			check(t, code, traps, d)
		}
	}
}

func FuzzProgram(f *testing.F) {
	f.Add(int32(0), uint32(unix.AUDIT_ARCH_X86_64), uint64(0), uint64(0), uint64(0), uint64(0), uint64(0), uint64(0), uint64(0))
	f.Add(int32(8), uint32(unix.AUDIT_ARCH_X86_64), uint64(seccomp.Window), uint64(1), uint64(2), uint64(3), uint64(240), uint64(1)<<32, uint64(3))
	traps := map[int]seccomp.Trap{}
	for nr, k := range kinds {
		traps[nr] = k
	}
	code := seccomp.Program(traps)
	f.Fuzz(func(t *testing.T, nr int32, arch uint32, ip, a0, a1, a2, a3, a4, a5 uint64) {
		check(t, code, traps, &seccomptest.Data{NR: nr, Arch: arch, IP: ip, Args: [6]uint64{a0, a1, a2, a3, a4, a5}})
	})
}
