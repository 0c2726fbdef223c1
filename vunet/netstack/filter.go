// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// maxFilter is BPF_MAXINSNS, sizeofSockFilter the length of an instruction in
// bytes.
const (
	maxFilter        = 4096
	sizeofSockFilter = 8
)

// filter is a classic BPF program (SO_ATTACH_FILTER).
type filter struct {
	code []bpf.Instruction
}

// newFilter checks and loads a program. The engine passes the instructions
// themselves in place of struct sock_fprog, whose pointer is the guest's.
//
// Errors: EINVAL.
func newFilter(b []byte) (*filter, error) {
	n := len(b) / sizeofSockFilter
	if n == 0 || n > maxFilter || len(b)%sizeofSockFilter != 0 {
		return nil, unix.EINVAL
	}
	raw := make([]bpf.RawInstruction, n)
	for i := range raw {
		p := b[i*sizeofSockFilter:]
		raw[i] = bpf.RawInstruction{
			Op: binary.NativeEndian.Uint16(p), Jt: p[2], Jf: p[3], K: binary.NativeEndian.Uint32(p[4:]),
		}
	}
	code, ok := bpf.Disassemble(raw)
	if !ok {
		return nil, unix.EINVAL
	}
	f := &filter{code: code}
	if !f.check() {
		return nil, unix.EINVAL
	}
	return f, nil
}

// check is bpf_check_classic: jumps stay inside, the program ends with a return.
func (f *filter) check() bool {
	n := len(f.code)
	for i, ins := range f.code {
		left := uint32(n - i - 1)
		ok := true
		switch ins := ins.(type) {
		case bpf.Jump:
			ok = ins.Skip < left
		case bpf.JumpIf:
			ok = uint32(ins.SkipTrue) < left && uint32(ins.SkipFalse) < left
		case bpf.JumpIfX:
			ok = uint32(ins.SkipTrue) < left && uint32(ins.SkipFalse) < left
		case bpf.ALUOpConstant:
			div := ins.Op == bpf.ALUOpDiv || ins.Op == bpf.ALUOpMod
			shift := ins.Op == bpf.ALUOpShiftLeft || ins.Op == bpf.ALUOpShiftRight
			ok = !(div && ins.Val == 0) && !(shift && ins.Val >= 32)
		case bpf.LoadScratch:
			ok = ins.N >= 0 && ins.N < scratchWords
		case bpf.StoreScratch:
			ok = ins.N >= 0 && ins.N < scratchWords
		case bpf.RawInstruction:
			ok = false
		}
		if !ok {
			return false
		}
	}
	switch f.code[n-1].(type) {
	case bpf.RetA, bpf.RetConstant:
		return true
	}
	return false
}

// meta is what a program can ask of a packet besides its bytes.
type meta struct {
	proto   uint16
	pktType uint8
	link    int
	hatype  uint16
}

// run runs the program over a packet of a protocol and returns how many bytes of it are
// wanted.
func (f *filter) run(p []byte, proto int) int {
	return f.runMeta(p, meta{proto: uint16(proto)})
}
