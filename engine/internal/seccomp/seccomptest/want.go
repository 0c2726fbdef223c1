// SPDX-License-Identifier: Apache-2.0

package seccomptest

import (
	"slices"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/seccomp"
)

// Answers of a filter.
const (
	Allow  = 0x7fff0000 // SECCOMP_RET_ALLOW
	Notify = 0x7fc00000 // SECCOMP_RET_USER_NOTIF
	Errno  = 0x00050000 // SECCOMP_RET_ERRNO, and the number
)

// Want is what a filter made from traps is to answer, said in the plainest way.
func Want(traps map[int]seccomp.Trap, d *Data) uint32 {
	const x32 = 0x40000000
	switch {
	case d.Arch != unix.AUDIT_ARCH_X86_64:
		return Errno | uint32(unix.ENOSYS)
	case d.NR >= x32:
		return Errno | uint32(unix.ENOSYS)
	}
	t := traps[int(d.NR)]
	if t.Kind == seccomp.Refuse {
		return Errno | uint32(t.Errno)
	}
	inWindow := d.IP >= seccomp.Window && d.IP < seccomp.Window+4096
	if (d.NR < 0 || applies(t, &d.Args)) && !inWindow {
		return Notify
	}
	return Allow
}

// applies tells whether a call with these arguments is to be notified.
func applies(t seccomp.Trap, args *[6]uint64) bool {
	if t.Or != nil && applies(*t.Or, args) {
		return true
	}
	virtual := func(n int) bool {
		fd := uint32(args[n])
		return fd <= 2 || fd >= seccomp.Zone
	}
	low := func(n int) uint32 { return uint32(args[t.Args[n]]) }
	switch t.Kind {
	case seccomp.Always:
		return true
	case seccomp.ByFD:
		return slices.ContainsFunc(t.Args, virtual)
	case seccomp.ByReadFD:
		fd := low(0)
		native := fd >= seccomp.ReadZone && fd < seccomp.ReadZoneEnd
		return virtual(t.Args[0]) && (!native || len(t.Values) > 0 && slices.Contains(t.Values, low(1)))
	case seccomp.ByMappedFD:
		return low(0)&unix.MAP_ANONYMOUS == 0 && slices.ContainsFunc(t.Args[1:], virtual)
	case seccomp.ArgEquals:
		return slices.Contains(t.Values, low(0))
	case seccomp.ArgBetween:
		return low(0) >= t.Values[0] && low(0) <= t.Values[1]
	case seccomp.ArgNonzero:
		return args[t.Args[0]] != 0
	case seccomp.ArgHasFlags:
		return low(0)&t.Values[0] != 0 && (len(t.Values) < 2 || low(0)&t.Values[1] == 0)
	}
	return false
}
