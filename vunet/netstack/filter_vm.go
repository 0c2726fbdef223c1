// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"
	"math/rand/v2"

	"golang.org/x/net/bpf"
)

const scratchWords = 16 // BPF_MEMWORDS

// machine is the state of a running program.
type machine struct {
	a, x    uint32
	scratch [scratchWords]uint32
	p       []byte
	m       meta
}

// runMeta runs the program; it ends, because jumps only go forward. (The
// virtual machine of golang.org/x/net/bpf lacks the kernel's extensions, which tcpdump's programs
// for cooked sockets use.)
func (f *filter) runMeta(p []byte, m meta) int {
	vm := machine{p: p, m: m}
	for pc := 0; pc < len(f.code); pc++ {
		switch ins := f.code[pc].(type) {
		case bpf.RetA:
			return int(min(vm.a, uint32(1<<31-1)))
		case bpf.RetConstant:
			return int(min(ins.Val, uint32(1<<31-1)))
		case bpf.Jump:
			pc += int(ins.Skip)
		case bpf.JumpIf:
			pc += skip(test(ins.Cond, vm.a, ins.Val), ins.SkipTrue, ins.SkipFalse)
		case bpf.JumpIfX:
			pc += skip(test(ins.Cond, vm.a, vm.x), ins.SkipTrue, ins.SkipFalse)
		default:
			if !vm.step(ins) {
				return 0
			}
		}
	}
	return 0
}

func skip(cond bool, yes, no uint8) int {
	if cond {
		return int(yes)
	}
	return int(no)
}

func test(c bpf.JumpTest, a, v uint32) bool {
	switch c {
	case bpf.JumpEqual:
		return a == v
	case bpf.JumpNotEqual:
		return a != v
	case bpf.JumpGreaterThan:
		return a > v
	case bpf.JumpLessThan:
		return a < v
	case bpf.JumpGreaterOrEqual:
		return a >= v
	case bpf.JumpLessOrEqual:
		return a <= v
	case bpf.JumpBitsSet:
		return a&v != 0
	}
	return a&v == 0
}

// step does an instruction that does not jump; false ends the program with 0, as a
// load behind the end of the packet does.
func (vm *machine) step(ins bpf.Instruction) bool {
	ok := true
	switch ins := ins.(type) {
	case bpf.LoadConstant:
		vm.set(ins.Dst, ins.Val)
	case bpf.LoadScratch:
		vm.set(ins.Dst, vm.scratch[ins.N])
	case bpf.StoreScratch:
		vm.scratch[ins.N] = vm.get(ins.Src)
	case bpf.LoadAbsolute:
		vm.a, ok = vm.load(uint64(ins.Off), ins.Size)
	case bpf.LoadIndirect:
		vm.a, ok = vm.load(uint64(vm.x)+uint64(ins.Off), ins.Size)
	case bpf.LoadMemShift:
		var v uint32
		v, ok = vm.load(uint64(ins.Off), 1)
		vm.x = v & 0xf * 4
	case bpf.LoadExtension:
		vm.a, ok = vm.extension(ins.Num)
	case bpf.ALUOpConstant:
		vm.a, ok = alu(ins.Op, vm.a, ins.Val)
	case bpf.ALUOpX:
		vm.a, ok = alu(ins.Op, vm.a, vm.x)
	case bpf.NegateA:
		vm.a = -vm.a
	case bpf.TAX:
		vm.x = vm.a
	case bpf.TXA:
		vm.a = vm.x
	default:
		ok = false
	}
	return ok
}

func (vm *machine) set(r bpf.Register, v uint32) {
	if r == bpf.RegA {
		vm.a = v
	} else {
		vm.x = v
	}
}

func (vm *machine) get(r bpf.Register) uint32 {
	if r == bpf.RegA {
		return vm.a
	}
	return vm.x
}

// load reads a big-endian number from the packet.
func (vm *machine) load(off uint64, size int) (uint32, bool) {
	if off+uint64(size) > uint64(len(vm.p)) {
		return 0, false
	}
	p := vm.p[off:]
	switch size {
	case 1:
		return uint32(p[0]), true
	case 2:
		return uint32(binary.BigEndian.Uint16(p)), true
	}
	return binary.BigEndian.Uint32(p), true
}

// extension reads the kernel's ancillary data (SKF_AD_*, linux/filter.h).
func (vm *machine) extension(n bpf.Extension) (uint32, bool) {
	switch n {
	case bpf.ExtLen:
		return uint32(len(vm.p)), true
	case bpf.ExtProto:
		return uint32(vm.m.proto), true
	case bpf.ExtType:
		return uint32(vm.m.pktType), true
	case bpf.ExtInterfaceIndex:
		return uint32(vm.m.link), true
	case bpf.ExtNetlinkAttr, bpf.ExtNetlinkAttrNested, bpf.ExtMark, bpf.ExtQueue, bpf.ExtLinkLayerType,
		bpf.ExtRXHash, bpf.ExtCPUID, bpf.ExtVLANTag, bpf.ExtVLANTagPresent, bpf.ExtVLANProto:
		if n == bpf.ExtLinkLayerType {
			return uint32(vm.m.hatype), true
		}
		return 0, true
	case bpf.ExtRand:
		return rand.Uint32(), true
	}
	return 0, false
}

func alu(op bpf.ALUOp, a, v uint32) (uint32, bool) {
	switch op {
	case bpf.ALUOpAdd:
		return a + v, true
	case bpf.ALUOpSub:
		return a - v, true
	case bpf.ALUOpMul:
		return a * v, true
	case bpf.ALUOpDiv:
		if v == 0 {
			return 0, false
		}
		return a / v, true
	case bpf.ALUOpMod:
		if v == 0 {
			return 0, false
		}
		return a % v, true
	case bpf.ALUOpOr:
		return a | v, true
	case bpf.ALUOpAnd:
		return a & v, true
	case bpf.ALUOpXor:
		return a ^ v, true
	case bpf.ALUOpShiftLeft:
		return a << (v & 31), true
	case bpf.ALUOpShiftRight:
		return a >> (v & 31), true
	}
	return 0, false
}
