// SPDX-License-Identifier: Apache-2.0

package diag

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Operations of the filter language that ss speaks (linux/inet_diag.h).
const (
	bcNop = iota
	bcJmp
	bcSGE
	bcSLE
	bcDGE
	bcDLE
	bcAuto
	bcSCond
	bcDCond
	bcDevCond
	bcMarkCond
	bcSEq
	bcDEq
	bcMax = bcDEq
)

const opLen = 4 // struct inet_diag_bc_op: code, yes, no

// checkBytecode verifies that every jump goes forward to an operation or one
// operation behind the end (inet_diag_bc_audit).
//
// Errors: EINVAL.
func checkBytecode(code []byte) error {
	for b := code; len(b) > 0; {
		if len(b) < opLen {
			return unix.EINVAL
		}
		yes, no := int(b[1]), int(binary.NativeEndian.Uint16(b[2:]))
		need := opLen
		switch b[0] {
		case bcSGE, bcSLE, bcDGE, bcDLE, bcSEq, bcDEq, bcDevCond:
			need = 2 * opLen
		case bcSCond, bcDCond, bcMarkCond:
			need = 3 * opLen
			if b[0] != bcMarkCond && len(b) >= 3*opLen {
				need += int(hostLen(b[opLen]))
			}
		}
		switch {
		case b[0] > bcMax || len(b) < need || yes < need || yes > len(b)+opLen || yes&3 != 0,
			b[0] != bcNop && (no < opLen || no > len(b)+opLen || no&3 != 0):
			return unix.EINVAL
		}
		b = b[min(yes, len(b)):]
	}
	return nil
}

func hostLen(family byte) uint8 {
	switch family {
	case unix.AF_INET:
		return 4
	case unix.AF_INET6:
		return 16
	}
	return 0
}

// runBytecode decides whether the filter lists a socket (inet_diag_bc_run). A jump that
// lands exactly at the end accepts.
func runBytecode(code []byte, x *Socket) bool {
	left := len(code)
	for left > 0 {
		b := code[len(code)-left:]
		if len(b) < opLen {
			return false
		}
		step := int(b[1])
		if !holds(b, x) {
			step = int(binary.NativeEndian.Uint16(b[2:]))
		}
		if step < opLen {
			return false
		}
		left -= step
	}
	return left == 0
}

// holds evaluates one operation.
func holds(b []byte, x *Socket) bool {
	port := func() int {
		if len(b) < 2*opLen {
			return 0
		}
		return int(binary.NativeEndian.Uint16(b[opLen+2:]))
	}
	sport, dport := int(x.Local.Port()), int(x.Remote.Port())
	switch b[0] {
	case bcNop:
		return true
	case bcSGE:
		return sport >= port()
	case bcSLE:
		return sport <= port()
	case bcDGE:
		return dport >= port()
	case bcDLE:
		return dport <= port()
	case bcSEq:
		return sport == port()
	case bcDEq:
		return dport == port()
	case bcAuto:
		return false
	case bcSCond:
		return hostCond(b[opLen:], x.Local)
	case bcDCond:
		return hostCond(b[opLen:], x.Remote)
	case bcDevCond:
		return len(b) >= 2*opLen && binary.NativeEndian.Uint32(b[opLen:]) == uint32(x.Link)
	case bcMarkCond:
		return len(b) >= 3*opLen && x.Mark&binary.NativeEndian.Uint32(b[opLen+4:]) == binary.NativeEndian.Uint32(b[opLen:])
	}
	return false
}

// hostCond is struct inet_diag_hostcond: family, prefix length, port, address.
func hostCond(b []byte, a netip.AddrPort) bool {
	if len(b) < 8 {
		return false
	}
	if port := int32(binary.NativeEndian.Uint32(b[4:])); port != -1 && uint16(port) != a.Port() {
		return false
	}
	bits, n := int(b[1]), int(hostLen(b[0]))
	if bits == 0 {
		return true
	}
	if n == 0 || len(b) < 8+n {
		return false
	}
	ip, _ := netip.AddrFromSlice(b[8 : 8+n])
	p, err := ip.Prefix(bits)
	return err == nil && (p.Contains(a.Addr()) || ip.Is4() && p.Contains(a.Addr().Unmap()))
}
