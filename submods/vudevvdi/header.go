// SPDX-License-Identifier: Apache-2.0

package vudevvdi

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Positions of the header's members in bytes; all numbers are little endian.
const (
	offSignature = 64
	offVersion   = 68
	offType      = 76
	offMap       = 340 // where the map of blocks is
	offData      = 344 // where the blocks are
	offSector    = 360
	offSize      = 368
	offBlock     = 376
	offExtra     = 380
	offBlocks    = 384
	offAllocated = 388
	sizeHeader   = 400
)

const (
	signature    = 0xbeda107f
	majorVersion = 1
	typeDynamic  = 1
	typeFixed    = 2
	sectorSize   = 512

	// maxBlocks bounds the map, which is kept in memory: 256 TiB with the blocks of 1 MiB that all programs make.
	maxBlocks = 1 << 28
	maxBlock  = 64 << 20 // bytes
)

// header is what is needed of an image's header.
type header struct {
	mapAt, dataAt int64 // bytes
	size          int64 // of the disk, in bytes
	block         int64 // bytes of a block
	extra         int64 // bytes in front of the data of each block
	blocks        uint32
	allocated     uint32
}

func parseHeader(b []byte) (h header, err error) {
	u32 := func(off int) uint32 { return binary.LittleEndian.Uint32(b[off:]) }
	if len(b) < sizeHeader || u32(offSignature) != signature {
		return h, errors.New("not a VirtualBox disk image")
	}
	if v := u32(offVersion); v>>16 != majorVersion {
		return h, fmt.Errorf("version %d.%d of the format is not known", v>>16, v&0xffff)
	}
	if t := u32(offType); t != typeDynamic && t != typeFixed {
		return h, fmt.Errorf("image of type %d: only dynamic (1) and fixed (2) ones stand alone", t)
	}
	if n := u32(offSector); n != sectorSize {
		return h, fmt.Errorf("sectors of %d bytes, not %d", n, sectorSize)
	}
	size := binary.LittleEndian.Uint64(b[offSize:])
	h = header{
		mapAt: int64(u32(offMap)), dataAt: int64(u32(offData)), size: int64(size),
		block: int64(u32(offBlock)), extra: int64(u32(offExtra)), blocks: u32(offBlocks), allocated: u32(offAllocated),
	}
	return h, h.check(size)
}

func (h header) check(size uint64) error {
	switch {
	case h.block < sectorSize || h.block > maxBlock || h.block&(h.block-1) != 0:
		return fmt.Errorf("blocks of %d bytes", h.block)
	case h.extra > maxBlock || h.extra%sectorSize != 0:
		return fmt.Errorf("%d bytes in front of each block", h.extra)
	case h.blocks > maxBlocks:
		return fmt.Errorf("%d blocks are too many", h.blocks)
	case size > uint64(h.blocks)*uint64(h.block):
		return fmt.Errorf("a disk of %d bytes does not fit in %d blocks", size, h.blocks)
	case h.allocated > h.blocks:
		return fmt.Errorf("%d of %d blocks are allocated", h.allocated, h.blocks)
	case h.mapAt < sizeHeader || h.dataAt < h.mapAt+4*int64(h.blocks):
		return fmt.Errorf("the map at %d does not fit between the header and the data at %d", h.mapAt, h.dataAt)
	}
	return nil
}

// Values of the map that are no number of a block in the file: both read as zeros.
const (
	blockFree = 0xffffffff
	blockZero = 0xfffffffe
)

// parseMap decodes the map. No two blocks may be the same one of the file.
func parseMap(h header, b []byte) ([]uint32, error) {
	m := make([]uint32, h.blocks)
	used := make([]uint64, (uint64(h.allocated)+63)/64)
	for i := range m {
		n := binary.LittleEndian.Uint32(b[4*i:])
		m[i] = n
		if n == blockFree || n == blockZero {
			continue
		}
		if n >= h.allocated {
			return nil, fmt.Errorf("block %d is number %d of %d in the file", i, n, h.allocated)
		}
		if used[n/64]&(1<<(n%64)) != 0 {
			return nil, fmt.Errorf("block %d is the same as another one in the file", i)
		}
		used[n/64] |= 1 << (n % 64)
	}
	return m, nil
}
