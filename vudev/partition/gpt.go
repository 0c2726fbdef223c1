// SPDX-License-Identifier: Apache-2.0

package partition

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// header is what matters of a GPT header (UEFI specification, 5.3.2).
type header struct {
	entries   int64  // sector where they begin
	count     uint32 // of entries
	entrySize uint32 // bytes
	crc       uint32 // of all entries
}

const (
	gptSignature = "EFI PART"
	entrySize    = 128     // smallest
	maxEntries   = 1 << 20 // bytes of entries that are read; four times what the kernel's minors could show
	readOnlyBit  = 1 << 60 // of a basic data partition's attributes
)

// gpt adds the partitions of the first table, or of its backup at the end of the disk if the first is
// damaged.
func (t *table) gpt() error {
	err := t.gptAt(1)
	if err == nil {
		return nil
	}
	if t.gptAt(t.sectors-1) == nil {
		return nil
	}
	return err
}

func (t *table) gptAt(sector int64) error {
	h, err := t.header(sector)
	if err != nil {
		return err
	}
	b := make([]byte, (int64(h.count)*int64(h.entrySize)+SectorSize-1)/SectorSize*SectorSize)
	if err := t.read(b, h.entries); err != nil {
		return err
	}
	b = b[:int64(h.count)*int64(h.entrySize)]
	if crc32.ChecksumIEEE(b) != h.crc {
		return errors.New("GPT: checksum of the entries is wrong")
	}
	for i := range int(h.count) {
		t.gptEntry(i+1, b[i*int(h.entrySize):])
	}
	return nil
}

func (t *table) gptEntry(number int, e []byte) {
	if [16]byte(e) == [16]byte{} { // type
		return
	}
	first, last := binary.LittleEndian.Uint64(e[32:]), binary.LittleEndian.Uint64(e[40:])
	attributes := binary.LittleEndian.Uint64(e[48:])
	if first <= last && last-first+1 != 0 {
		t.add(number, first, last-first+1, attributes&readOnlyBit != 0)
	}
}

// header reads and checks one of the two headers.
func (t *table) header(sector int64) (h header, err error) {
	var b [SectorSize]byte
	if err := t.read(b[:], sector); err != nil {
		return h, err
	}
	if string(b[:8]) != gptSignature {
		return h, fmt.Errorf("GPT: bad signature %#x", binary.LittleEndian.Uint64(b[:]))
	}
	size := binary.LittleEndian.Uint32(b[12:])
	if size < 92 || size > SectorSize {
		return h, fmt.Errorf("GPT: header of %d bytes", size)
	}
	crc := binary.LittleEndian.Uint32(b[16:])
	clear(b[16:20])
	if crc32.ChecksumIEEE(b[:size]) != crc {
		return h, fmt.Errorf("GPT: checksum of the header in sector %d is wrong", sector)
	}
	if at := binary.LittleEndian.Uint64(b[24:]); at != uint64(sector) {
		return h, fmt.Errorf("GPT: header in sector %d says that it is in %d", sector, at)
	}
	h.entries = int64(binary.LittleEndian.Uint64(b[72:]))
	h.count = binary.LittleEndian.Uint32(b[80:])
	h.entrySize = binary.LittleEndian.Uint32(b[84:])
	h.crc = binary.LittleEndian.Uint32(b[88:])
	if h.entrySize < entrySize || h.entrySize > SectorSize*8 || h.entrySize%8 != 0 || uint64(h.count)*uint64(h.entrySize) > maxEntries {
		return h, fmt.Errorf("GPT: %d entries of %d bytes", h.count, h.entrySize)
	}
	return h, nil
}
