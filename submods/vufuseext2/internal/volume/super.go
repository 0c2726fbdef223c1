// SPDX-License-Identifier: Apache-2.0

package volume

import "encoding/binary"

// Offsets in struct ext2_super_block (Linux fs/ext4/ext4.h).
const (
	sbInodesCount   = 0
	sbBlocksLo      = 4
	sbRBlocksLo     = 8
	sbFreeBlocksLo  = 12
	sbFreeInodes    = 16
	sbFirstData     = 20
	sbMtime         = 44
	sbWtime         = 48
	sbMntCount      = 52
	sbState         = 58
	sbDefResUID     = 80
	sbDefResGID     = 82
	sbRevLevel      = 76
	sbFirstIno      = 84
	sbInodeSize     = 88
	sbCompat        = 92
	sbIncompat      = 96
	sbROCompat      = 100
	sbUUID          = 104
	sbVolumeName    = 120
	sbLastMounted   = 136
	sbLastOrphan    = 232
	sbHashSeed      = 236
	sbDefHash       = 252
	sbBlocksHi      = 336
	sbRBlocksHi     = 340
	sbFreeBlocksHi  = 344
	sbWantExtraSize = 350
	sbFlags         = 352
)

// Features (fs/ext4/ext4.h).
const (
	compatJournal    = 0x4
	compatDirIndex   = 0x20
	compatOrphanFile = 0x1000

	incompatFiletype   = 0x2
	incompatRecover    = 0x4
	incompatJournalDev = 0x8
	incompatExtents    = 0x40
	incompatMMP        = 0x100
	incompatEncrypt    = 0x10000
	incompatCasefold   = 0x20000
	incompatLargedir   = 0x4000

	roLargeFile     = 0x2
	roHugeFile      = 0x8
	roDirNlink      = 0x20
	roQuota         = 0x100
	roBigalloc      = 0x200
	roMetadataCsum  = 0x400
	roReadonly      = 0x1000
	roProject       = 0x2000
	roSharedBlocks  = 0x4000
	roOrphanPresent = 0x10000
)

// States in s_state and bits of s_flags.
const (
	stateValid      = 1
	stateError      = 2
	sbUnsignedHash  = 2
	rootIno         = 2
	oldRevFirstIno  = 11
	goodOldInodeLen = 128
)

// super reads and changes the superblock in memory.
type super []byte

func (s super) u16(off int) uint16 { return binary.LittleEndian.Uint16(s[off:]) }
func (s super) u32(off int) uint32 { return binary.LittleEndian.Uint32(s[off:]) }
func (s super) u64(lo, hi int) uint64 {
	if s.u32(sbIncompat)&0x80 == 0 { // 64bit
		return uint64(s.u32(lo))
	}
	return uint64(s.u32(lo)) | uint64(s.u32(hi))<<32
}
func (s super) setU16(off int, v uint16) { binary.LittleEndian.PutUint16(s[off:], v) }
func (s super) setU32(off int, v uint32) { binary.LittleEndian.PutUint32(s[off:], v) }

func (s super) compat(f uint32) bool   { return s.u32(sbCompat)&f != 0 }
func (s super) incompat(f uint32) bool { return s.u32(sbIncompat)&f != 0 }
func (s super) roCompat(f uint32) bool { return s.u32(sbROCompat)&f != 0 }

func (s super) blocks() uint64     { return s.u64(sbBlocksLo, sbBlocksHi) }
func (s super) freeBlocks() uint64 { return s.u64(sbFreeBlocksLo, sbFreeBlocksHi) }
func (s super) reserved() uint64   { return s.u64(sbRBlocksLo, sbRBlocksHi) }

func (s super) firstIno() uint32 {
	if s.u32(sbRevLevel) == 0 {
		return oldRevFirstIno
	}
	return s.u32(sbFirstIno)
}

func (s super) inodeSize() int {
	if s.u32(sbRevLevel) == 0 {
		return goodOldInodeLen
	}
	return int(s.u16(sbInodeSize))
}

// hashSeed and hashVersion are what the hash-tree directories use (fs/ext4/hash.c).
func (s super) hashSeed() *[4]uint32 {
	var seed [4]uint32
	for i := range seed {
		seed[i] = s.u32(sbHashSeed + 4*i)
	}
	return &seed
}

// unsignedHash turns a signed hash version into the unsigned one where the superblock says so.
func (s super) unsignedHash(version int) int {
	if version <= 2 && s.u32(sbFlags)&sbUnsignedHash != 0 {
		return version + 3
	}
	return version
}
