// SPDX-License-Identifier: Apache-2.0

// Package seccomp makes the filter that decides which system calls of a guest are
// notified to umvu, and speaks the user notification interface (seccomp_unotify(2)).
package seccomp

import (
	"sort"

	"golang.org/x/sys/unix"
)

// Trap says when a system call is notified.
type Trap struct {
	// Kind is what decides.
	Kind Kind
	// Args are the positions of the arguments that Kind looks at.
	Args []int
	// Values are compared with the low half of the argument (ArgEquals, ByReadFD).
	Values []uint32
	// Errno is the error that Refuse answers with.
	Errno unix.Errno
	// Or is another reason to notify (ByFD, ArgEquals, ArgBetween, ArgHasFlags).
	Or *Trap
}

// Kind of a Trap.
type Kind int

const (
	Pass        Kind = iota // never notified
	Always                  // always notified
	ByFD                    // one of Args is 0, 1, 2 or in the zone
	ByReadFD                // ByFD, but in the read zone only if Args[1] is one of Values
	ByMappedFD              // mmap: Args[0] are the flags, Args[1] the descriptor
	ArgEquals               // Args[0] is one of Values
	ArgBetween              // Args[0] is from Values[0] to Values[1]
	ArgNonzero              // Args[0] is not 0
	ArgHasFlags             // Args[0] has a bit of Values[0], and none of Values[1] if there is such
	Refuse                  // fails with Errno
)

// Zone is the range of descriptors that may be virtual: all numbers from it on, and 0, 1
// and 2.
const Zone = 240

// The read zone is the part of the zone in which reading is not notified: for virtual files whose stand-in has
// all of their contents. It ends where select(2) does.
const (
	ReadZone    = 768
	ReadZoneEnd = 1024
)

// Window is the address of one page from which every call is allowed: it is for
// code of ours inside a guest. Nothing is mapped there yet.
const (
	Window     = 0x700_0000_0000
	windowSize = 4096
)

// Offsets in struct seccomp_data.
const (
	offNr   = 0
	offArch = 4
	offIP   = 8
	offArgs = 16
)

const (
	retAllow  = 0x7fff0000
	retNotif  = 0x7fc00000
	retErrno  = 0x00050000
	x32Bit    = 0x40000000
	archAMD64 = unix.AUDIT_ARCH_X86_64
)

func stmt(code uint16, k uint32) unix.SockFilter { return unix.SockFilter{Code: code, K: k} }

func jump(op uint16, k uint32, jt, jf uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | op | unix.BPF_K, Jt: jt, Jf: jf, K: k}
}

func load(off uint32) unix.SockFilter { return stmt(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, off) }

func ret(k uint32) unix.SockFilter { return stmt(unix.BPF_RET|unix.BPF_K, k) }

func arg(n int) uint32 { return offArgs + 8*uint32(n) } // low half: little endian

// notify is the end of every path that leads to a notification, except from the
// window.
func notify() []unix.SockFilter {
	const lo, hi = uint32(Window & 0xffffffff), uint32(Window >> 32)
	return []unix.SockFilter{
		load(offIP + 4),
		jump(unix.BPF_JEQ, hi, 0, 4),
		load(offIP),
		jump(unix.BPF_JGE, lo, 0, 2),
		jump(unix.BPF_JGE, lo+windowSize, 1, 0),
		ret(retAllow),
		ret(retNotif),
	}
}

// leaf is the code for one system call; the number is in the accumulator no more.
func (t Trap) leaf() []unix.SockFilter {
	switch t.Kind {
	case Always:
		return notify()
	case Refuse:
		return []unix.SockFilter{ret(retErrno | uint32(t.Errno))}
	case ByFD:
		return byFD(t.Args, t.otherwise())
	case ByReadFD:
		return t.byReadFD()
	case ByMappedFD:
		return append([]unix.SockFilter{
			load(arg(t.Args[0])),
			jump(unix.BPF_JSET, unix.MAP_ANONYMOUS, 0, 1),
			ret(retAllow),
		}, byFD(t.Args[1:], t.otherwise())...)
	case ArgEquals:
		return argEquals(t.Args[0], t.Values, t.otherwise())
	case ArgBetween:
		rest := t.otherwise()
		return append([]unix.SockFilter{
			load(arg(t.Args[0])),
			jump(unix.BPF_JGE, t.Values[0], 0, 1),
			jump(unix.BPF_JGT, t.Values[1], 0, uint8(len(rest))),
		}, append(rest, notify()...)...)
	case ArgHasFlags:
		return argHasFlags(t.Args[0], t.Values, t.otherwise())
	case ArgNonzero:
		return append([]unix.SockFilter{
			load(arg(t.Args[0])),
			jump(unix.BPF_JEQ, 0, 0, 3),
			load(arg(t.Args[0]) + 4),
			jump(unix.BPF_JEQ, 0, 0, 1),
			ret(retAllow),
		}, notify()...)
	default:
		return []unix.SockFilter{ret(retAllow)}
	}
}

// otherwise is what follows where the trap's own reason does not hold.
func (t Trap) otherwise() []unix.SockFilter {
	if t.Or == nil {
		return []unix.SockFilter{ret(retAllow)}
	}
	return t.Or.leaf()
}

// byFD notifies if one of the arguments is a descriptor that may be virtual.
func byFD(args []int, rest []unix.SockFilter) []unix.SockFilter {
	out := notify()
	for i := len(args) - 1; i >= 0; i-- {
		n := uint8(len(rest))
		rest = append([]unix.SockFilter{
			load(arg(args[i])),
			jump(unix.BPF_JGE, Zone, n+1, 0),
			jump(unix.BPF_JGT, 2, 0, n),
		}, rest...)
	}
	return append(rest, out...)
}

// byReadFD is byFD of the first argument outside the read zone.
func (t Trap) byReadFD() []unix.SockFilter {
	rest := t.otherwise()
	end := append(rest, notify()...)
	others := 0 // instructions in front of rest
	if len(t.Values) > 0 {
		end = argEquals(t.Args[1], t.Values, rest)
		others = 1 + len(t.Values)
	}
	toRest, toNotify := uint8(others), uint8(others+len(rest))
	return append([]unix.SockFilter{
		load(arg(t.Args[0])),
		jump(unix.BPF_JGE, ReadZoneEnd, toNotify+3, 0),
		jump(unix.BPF_JGE, ReadZone, 2, 0),
		jump(unix.BPF_JGE, Zone, toNotify+1, 0),
		jump(unix.BPF_JGT, 2, toRest, toNotify),
	}, end...)
}

func argEquals(n int, values []uint32, rest []unix.SockFilter) []unix.SockFilter {
	code := []unix.SockFilter{load(arg(n))}
	for i, v := range values {
		code = append(code, jump(unix.BPF_JEQ, v, uint8(len(values)-i-1+len(rest)), 0))
	}
	return append(append(code, rest...), notify()...)
}

func argHasFlags(n int, values []uint32, rest []unix.SockFilter) []unix.SockFilter {
	toNotify := uint8(len(rest))
	code := []unix.SockFilter{load(arg(n))}
	if len(values) > 1 {
		code = append(code, jump(unix.BPF_JSET, values[1], 1, 0))
	}
	code = append(code, jump(unix.BPF_JSET, values[0], toNotify, 0))
	return append(append(code, rest...), notify()...)
}

// Program makes the filter: a balanced decision tree on the system call number. traps
// maps numbers to what is done with them; others pass. Negative numbers, which are virtual system
// calls, are always notified; calls of a foreign architecture fail with ENOSYS.
func Program(traps map[int]Trap) []unix.SockFilter {
	nrs := make([]int, 0, len(traps))
	for nr, t := range traps {
		if t.Kind != Pass {
			nrs = append(nrs, nr)
		}
	}
	sort.Ints(nrs)
	code := []unix.SockFilter{
		load(offArch),
		jump(unix.BPF_JEQ, archAMD64, 1, 0),
		ret(retErrno | uint32(unix.ENOSYS)),
		load(offNr),
		jump(unix.BPF_JGE, 1<<31, 0, uint8(len(notify()))),
	}
	code = append(code, notify()...)
	code = append(code,
		jump(unix.BPF_JGE, x32Bit, 0, 1),
		ret(retErrno|uint32(unix.ENOSYS)))
	return append(code, tree(nrs, traps)...)
}

// tree tells the numbers nrs apart by halving.
func tree(nrs []int, traps map[int]Trap) []unix.SockFilter {
	switch len(nrs) {
	case 0:
		return []unix.SockFilter{ret(retAllow)}
	case 1:
		l := traps[nrs[0]].leaf()
		return append([]unix.SockFilter{
			jump(unix.BPF_JEQ, uint32(nrs[0]), 1, 0),
			ret(retAllow),
		}, l...)
	}
	mid := len(nrs) / 2
	left, right := tree(nrs[:mid], traps), tree(nrs[mid:], traps)
	code := []unix.SockFilter{
		jump(unix.BPF_JGE, uint32(nrs[mid]), 0, 1),
		stmt(unix.BPF_JMP|unix.BPF_JA, uint32(len(left))),
	}
	if len(left) <= 255 {
		code = []unix.SockFilter{jump(unix.BPF_JGE, uint32(nrs[mid]), uint8(len(left)), 0)}
	}
	return append(append(code, left...), right...)
}
