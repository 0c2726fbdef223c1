// SPDX-License-Identifier: Apache-2.0

package exec

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"golang.org/x/sys/unix"
)

const (
	elfMagic = "\x7fELF"

	// programHeaderSize is sizeof(Elf64_Phdr).
	programHeaderSize = 56

	// maxProgramHeaders bounds the table, in bytes (fs/binfmt_elf.c:load_elf_phdrs()).
	maxProgramHeaders = 65536

	// Offsets in Elf64_Ehdr.
	ehdrType      = 16
	ehdrMachine   = 18
	ehdrPhoff     = 32
	ehdrPhentsize = 54
	ehdrPhnum     = 56

	// Offsets in Elf64_Phdr.
	phdrOffset = 8
	phdrFilesz = 32
)

var le = binary.LittleEndian

// probeELF checks an ELF binary as fs/binfmt_elf.c:load_elf_binary() does up to
// the point where it opens the loader. Like the kernel it goes by the machine and
// the layout, not by the class in e_ident, which it reads only to name an x32 binary.
func probeELF(r io.ReaderAt, head *[headSize]byte) (Image, error) {
	typ, machine := elf.Type(le.Uint16(head[ehdrType:])), elf.Machine(le.Uint16(head[ehdrMachine:]))
	if typ != elf.ET_EXEC && typ != elf.ET_DYN {
		return Image{}, &FormatError{Reason: fmt.Sprintf("ELF file of type %v is no program", typ)}
	}
	class32 := elf.Class(head[elf.EI_CLASS]) == elf.ELFCLASS32
	switch {
	case machine == elf.EM_386:
		return Image{}, &FormatError{Reason: "i386 binary", Compat: true}
	case machine != elf.EM_X86_64:
		return Image{}, &FormatError{Reason: fmt.Sprintf("binary for %v", machine)}
	case class32 && le.Uint16(head[ehdrPhentsize:]) != programHeaderSize:
		return Image{}, &FormatError{Reason: "x32 binary", Compat: true}
	}
	table, base, err := readProgramHeaders(r, head)
	if err != nil {
		return Image{}, err
	}
	for off := 0; off < len(table); off += programHeaderSize {
		if elf.ProgType(le.Uint32(table[off:])) == elf.PT_INTERP {
			return probeInterp(r, table[off:off+programHeaderSize], base+int64(off))
		}
	}
	return Image{Kind: ELF}, nil
}

// readProgramHeaders returns the table and its offset in the file.
func readProgramHeaders(r io.ReaderAt, head *[headSize]byte) ([]byte, int64, error) {
	if n := le.Uint16(head[ehdrPhentsize:]); n != programHeaderSize {
		return nil, 0, &FormatError{Reason: fmt.Sprintf("program headers of %d bytes", n)}
	}
	size := int(le.Uint16(head[ehdrPhnum:])) * programHeaderSize
	if size == 0 || size > maxProgramHeaders {
		return nil, 0, &FormatError{Reason: fmt.Sprintf("program header table of %d bytes", size)}
	}
	off := le.Uint64(head[ehdrPhoff:])
	if off > math.MaxInt64-maxProgramHeaders {
		return nil, 0, &FormatError{Reason: "program headers outside the file"}
	}
	table := make([]byte, size)
	if n, err := readFull(r, table, int64(off)); err != nil || n < size {
		return nil, 0, &FormatError{Reason: "program headers outside the file"}
	}
	return table, int64(off), nil
}

// probeInterp reads the loader's path; header is its program header, which lies at
// offset at.
func probeInterp(r io.ReaderAt, header []byte, at int64) (Image, error) {
	size, off := le.Uint64(header[phdrFilesz:]), le.Uint64(header[phdrOffset:])
	if size < 2 || size > unix.PathMax {
		return Image{}, &FormatError{Reason: fmt.Sprintf("loader's name of %d bytes", size)}
	}
	if off > math.MaxInt64-unix.PathMax {
		return Image{}, fmt.Errorf("loader's name at offset %#x: %w", off, unix.EINVAL)
	}
	name := make([]byte, size)
	n, err := readFull(r, name, int64(off))
	if err != nil {
		return Image{}, fmt.Errorf("read the loader's name: %w", err)
	}
	if n < len(name) {
		return Image{}, fmt.Errorf("loader's name ends after the file: %w", unix.EIO)
	}
	if name[size-1] != 0 {
		return Image{}, &FormatError{Reason: "loader's name is not terminated"}
	}
	return Image{Kind: ELF, Dynamic: true, Interp: cString(name), interpHeader: at}, nil
}
