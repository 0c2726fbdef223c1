// SPDX-License-Identifier: Apache-2.0

// Package partition reads partition tables as the kernel does (block/partitions/msdos.c and efi.c): MBR with
// logical partitions, and GPT with its backup.
//
// It is a parser of its own because diskfs/go-diskfs, the maintained library for tables, reads no logical partitions, takes
// a GPT only with the header and entry sizes it writes itself, and does not say where a table's sectors are.
package partition

import (
	"fmt"
	"io"
)

// SectorSize is the size of a logical block in bytes. Others do not exist here.
const SectorSize = 512

// Max is the highest number that a partition may have, as on the kernel's disks.
const Max = 256

// Partition is a part of a disk.
type Partition struct {
	Number   int   // from 1
	Start    int64 // bytes
	Length   int64 // bytes, above 0
	ReadOnly bool  // by a GPT attribute
}

// Table is what was found.
type Table struct {
	Partitions []Partition // with distinct numbers, each within the disk
	Sectors    []int64     // offsets of sectors in the midst of the disk that are part of the table
}

// SignatureError says that a sector does not end in 55 aa. Its text is well known to users.
type SignatureError struct {
	Kind string // "MBR" or "EBR"
	Got  [2]byte
}

func (e *SignatureError) Error() string {
	return fmt.Sprintf("Bad %s signature %x %x", e.Kind, e.Got[0], e.Got[1])
}

// Read reads the table of a disk of size bytes. With an error, which says what is wrong with the table
// or what could not be read, what was found until then is returned as well.
func Read(r io.ReaderAt, size int64) (Table, error) {
	t := table{r: r, sectors: size / SectorSize}
	m, err := t.boot(0, "MBR")
	if err != nil {
		return Table{}, err
	}
	if m.protective() {
		err = t.gpt()
	} else {
		err = t.mbr(m)
	}
	return t.Table, err
}

// table is a table being read.
type table struct {
	Table
	r       io.ReaderAt
	sectors int64 // of the disk
}

// add notes a partition in sectors. One that begins behind the end of the disk is left out, one that
// ends there is cut (block/partitions/core.c:blk_add_partition()).
func (t *table) add(number int, start, length uint64, readOnly bool) {
	if number > Max || length == 0 || start >= uint64(t.sectors) {
		return
	}
	length = min(length, uint64(t.sectors)-start)
	t.Partitions = append(t.Partitions, Partition{
		Number: number, Start: int64(start) * SectorSize, Length: int64(length) * SectorSize, ReadOnly: readOnly,
	})
}

// read reads whole sectors.
func (t *table) read(p []byte, sector int64) error {
	if sector < 0 || sector >= t.sectors || int64(len(p)) > (t.sectors-sector)*SectorSize {
		return fmt.Errorf("partition table: sector %d: behind the end of the disk", sector)
	}
	if n, err := t.r.ReadAt(p, sector*SectorSize); n < len(p) {
		return fmt.Errorf("partition table: sector %d: %w", sector, err)
	}
	return nil
}
