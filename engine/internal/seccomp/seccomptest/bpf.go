// SPDX-License-Identifier: Apache-2.0

// Package seccomptest runs filters as the kernel does, and says what they should do.
package seccomptest

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"
)

// Data is struct seccomp_data: one system call as a filter sees it.
type Data struct {
	NR   int32
	Arch uint32
	IP   uint64
	Args [6]uint64
}

// word is the 32 bits at an offset of the structure. The kernel accepts aligned offsets within it only.
func (d *Data) word(off uint32) (uint32, error) {
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, 64), uint32(d.NR))
	b = binary.LittleEndian.AppendUint32(b, d.Arch)
	b = binary.LittleEndian.AppendUint64(b, d.IP)
	for _, a := range d.Args {
		b = binary.LittleEndian.AppendUint64(b, a)
	}
	if off%4 != 0 || off >= uint32(len(b)) {
		return 0, fmt.Errorf("load from offset %d", off)
	}
	return binary.LittleEndian.Uint32(b[off:]), nil
}

// Run is what the filter returns for a call (SECCOMP_RET_*), by the rules of the kernel's classic BPF
// (Documentation/networking/filter.rst) for the instructions that our filters have.
func Run(code []unix.SockFilter, d *Data) (ret uint32, err error) {
	var a uint32
	for pc := 0; pc < len(code); pc++ {
		in := code[pc]
		taken := false
		switch in.Code {
		case unix.BPF_LD | unix.BPF_W | unix.BPF_ABS:
			if a, err = d.word(in.K); err != nil {
				return 0, fmt.Errorf("instruction %d: %w", pc, err)
			}
			continue
		case unix.BPF_RET | unix.BPF_K:
			return in.K, nil
		case unix.BPF_JMP | unix.BPF_JA:
			pc += int(in.K)
			continue
		case unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K:
			taken = a == in.K
		case unix.BPF_JMP | unix.BPF_JGT | unix.BPF_K:
			taken = a > in.K
		case unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K:
			taken = a >= in.K
		case unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K:
			taken = a&in.K != 0
		default:
			return 0, fmt.Errorf("instruction %d: code %#x", pc, in.Code)
		}
		if taken {
			pc += int(in.Jt)
		} else {
			pc += int(in.Jf)
		}
	}
	return 0, fmt.Errorf("the filter ends without an answer")
}
