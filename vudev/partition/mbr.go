// SPDX-License-Identifier: Apache-2.0

package partition

import (
	"encoding/binary"
	"errors"
)

// boot is a boot record: four entries and a signature.
type boot [SectorSize]byte

// entry of a boot record; sectors relative to what its kind says.
type entry struct {
	flag, typ     byte
	start, length uint32
}

func (b *boot) entry(i int) entry {
	e := b[446+16*i:]
	return entry{e[0], e[4], binary.LittleEndian.Uint32(e[8:]), binary.LittleEndian.Uint32(e[12:])}
}

const protectiveType = 0xee

func (e entry) extended() bool { return e.typ == 0x05 || e.typ == 0x0f || e.typ == 0x85 }
func (e entry) used() bool     { return e.typ != 0 && e.length != 0 }

// protective tells whether the record only protects a GPT.
func (b *boot) protective() bool {
	for i := range 4 {
		if b.entry(i).typ == protectiveType {
			return true
		}
	}
	return false
}

// errNoTable is a boot sector of something else than a partitioned disk, such as a FAT file system.
var errNoTable = errors.New("no partition table: boot sector of a file system")

func (t *table) boot(sector int64, kind string) (*boot, error) {
	var b boot
	if err := t.read(b[:], sector); err != nil {
		return nil, err
	}
	if b[510] != 0x55 || b[511] != 0xaa {
		return nil, &SignatureError{kind, [2]byte{b[510], b[511]}}
	}
	for i := range 4 {
		if b.entry(i).flag&0x7f != 0 {
			return nil, errNoTable
		}
	}
	return &b, nil
}

// mbr adds the four primary partitions and the logical ones.
func (t *table) mbr(b *boot) error {
	for i := range 4 {
		e := b.entry(i)
		switch {
		case !e.used():
		case e.extended():
			// Enough of it to see its table, and not what is in it.
			t.add(i+1, uint64(e.start), uint64(min(e.length, 2)), false)
		default:
			t.add(i+1, uint64(e.start), uint64(e.length), false)
		}
	}
	number := 5
	for i := range 4 {
		if e := b.entry(i); e.used() && e.extended() {
			if err := t.logical(e, &number); err != nil {
				return err
			}
		}
	}
	return nil
}

// errLoop is a chain of boot records that does not end.
var errLoop = errors.New("partition table: extended boot records lead in a circle")

// logical follows the chain of boot records in an extended partition, each of which has one partition and
// leads to the next record.
func (t *table) logical(ext entry, number *int) error {
	seen := map[int64]bool{}
	for at := int64(ext.start); *number <= Max; {
		if seen[at] {
			return errLoop
		}
		seen[at] = true
		b, err := t.boot(at, "EBR")
		if err != nil {
			return err
		}
		t.Sectors = append(t.Sectors, at*SectorSize)
		next := int64(0)
		for i := range 4 {
			switch e := b.entry(i); {
			case !e.used():
			case !e.extended():
				if i < 2 {
					t.add(*number, uint64(at)+uint64(e.start), uint64(e.length), false)
					*number++
				}
			case next == 0:
				next = int64(ext.start) + int64(e.start)
			}
		}
		if next == 0 {
			break
		}
		at = next
	}
	return nil
}
