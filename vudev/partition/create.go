// SPDX-License-Identifier: Apache-2.0

package partition

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// WriteMBR writes an empty MBR with a random disk identifier.
func WriteMBR(w io.WriterAt) error {
	var b boot
	_, _ = rand.Read(b[440:444])
	b[510], b[511] = 0x55, 0xaa
	_, err := w.WriteAt(b[:], 0)
	return err
}

const (
	gptCount   = 128                                 // entries of a new table
	gptSectors = gptCount * entrySize / SectorSize   // that they take
	gptSmall   = (2*(gptSectors+1) + 2) * SectorSize // bytes of the smallest disk with a GPT
)

// WriteGPT writes an empty GPT with its backup and the protective MBR to a disk of size bytes.
func WriteGPT(w io.WriterAt, size int64) error {
	if size < gptSmall {
		return fmt.Errorf("GPT: needs %d bytes", gptSmall)
	}
	sectors := uint64(size / SectorSize)
	var b boot
	e := b[446:]
	e[2], e[4], e[5], e[6], e[7] = 2, protectiveType, 0xff, 0xff, 0xff
	binary.LittleEndian.PutUint32(e[8:], 1)
	binary.LittleEndian.PutUint32(e[12:], uint32(min(sectors-1, 0xffffffff)))
	b[510], b[511] = 0x55, 0xaa
	if _, err := w.WriteAt(b[:], 0); err != nil {
		return err
	}
	var guid [16]byte
	_, _ = rand.Read(guid[:])
	guid[7], guid[8] = guid[7]&0x0f|0x40, guid[8]&0x3f|0x80 // version 4, RFC 9562
	entries := make([]byte, gptCount*entrySize)
	crc := crc32.ChecksumIEEE(entries)
	for _, c := range []struct{ here, other, entries uint64 }{
		{1, sectors - 1, 2}, {sectors - 1, 1, sectors - 1 - gptSectors},
	} {
		if _, err := w.WriteAt(entries, int64(c.entries)*SectorSize); err != nil {
			return err
		}
		h := gptHeader(c.here, c.other, c.entries, sectors, guid, crc)
		if _, err := w.WriteAt(h, int64(c.here)*SectorSize); err != nil {
			return err
		}
	}
	return nil
}

func gptHeader(here, other, entries, sectors uint64, guid [16]byte, crc uint32) []byte {
	const size = 92
	le := binary.LittleEndian
	h := append(make([]byte, 0, SectorSize), gptSignature...)
	h = le.AppendUint32(h, 0x10000) // revision 1.0
	h = le.AppendUint32(h, size)
	h = append(h, make([]byte, 8)...)
	for _, n := range []uint64{here, other, 2 + gptSectors, sectors - 2 - gptSectors} {
		h = le.AppendUint64(h, n)
	}
	h = append(h, guid[:]...)
	h = le.AppendUint64(h, entries)
	for _, n := range []uint32{gptCount, entrySize, crc} {
		h = le.AppendUint32(h, n)
	}
	le.PutUint32(h[16:], crc32.ChecksumIEEE(h))
	return h[:SectorSize]
}
