// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"encoding/binary"
	"sync"

	"golang.org/x/sys/unix"
	"vuos.dev/submods/vufuseext2/internal/libext2"
)

// Offsets in struct ext4_inode (fs/ext4/ext4.h).
const (
	inMode     = 0
	inUIDLo    = 2
	inSizeLo   = 4
	inAtime    = 8
	inCtime    = 12
	inMtime    = 16
	inDtime    = 20
	inGIDLo    = 24
	inLinks    = 26
	inBlocksLo = 28
	inFlags    = 32
	inBlock    = 40
	inBlockEnd = 100
	inGen      = 100
	inACLLo    = 104
	inSizeHi   = 108
	inBlocksHi = 116
	inACLHi    = 118
	inUIDHi    = 120
	inGIDHi    = 122
	inExtra    = 128
	inCtimeX   = 132
	inMtimeX   = 136
	inAtimeX   = 140
	inCrtime   = 144
	inCrtimeX  = 148
)

// Inode flags.
const (
	flSync       = 0x8
	flImmutable  = 0x10
	flAppend     = 0x20
	flNodump     = 0x40
	flNoatime    = 0x80
	flEncrypt    = 0x800
	flIndex      = 0x1000
	flDirsync    = 0x10000
	flTopdir     = 0x20000
	flHugeFile   = 0x40000
	flExtents    = 0x80000
	flVerity     = 0x100000
	flEAInode    = 0x200000
	flInline     = 0x10000000
	flProjInh    = 0x20000000
	flCasefold   = 0x40000000
	flUserMask   = 0x604BDFFF // EXT4_FL_USER_VISIBLE less what only later kernels show
	flUserChange = 0x6042C0FF &^ flCasefold &^ flProjInh
)

// maxFast is the length from which a symbolic link no longer fits in i_block.
const maxFast = inBlockEnd - inBlock

// inode is one inode in memory. Its raw form is what the disk has: every change is written at once (to the block
// cache of libext2). All fields are guarded by Volume.mu; io is held for reading while blocks of the file are read
// without that lock, and for writing while they are given away.
type inode struct {
	ino uint32
	raw []byte

	io      sync.RWMutex
	lookups uint64 // what the kernel will forget
	opens   int
	orphan  bool // no links left, on the orphan list

	win  window
	dir  *dirIndex
	used uint64 // clock of the last use, for eviction
}

// window is the part of the block map that is known: blocks from from to to, sorted.
type window struct {
	from, to uint64
	list     []libext2.Extent
}

func (in *inode) u16(off int) uint16       { return binary.LittleEndian.Uint16(in.raw[off:]) }
func (in *inode) u32(off int) uint32       { return binary.LittleEndian.Uint32(in.raw[off:]) }
func (in *inode) setU16(off int, v uint16) { binary.LittleEndian.PutUint16(in.raw[off:], v) }
func (in *inode) setU32(off int, v uint32) { binary.LittleEndian.PutUint32(in.raw[off:], v) }

func (in *inode) mode() uint32       { return uint32(in.u16(inMode)) }
func (in *inode) fmt() uint32        { return in.mode() & unix.S_IFMT }
func (in *inode) isDir() bool        { return in.fmt() == unix.S_IFDIR }
func (in *inode) isReg() bool        { return in.fmt() == unix.S_IFREG }
func (in *inode) flags() uint32      { return in.u32(inFlags) }
func (in *inode) has(f uint32) bool  { return in.flags()&f != 0 }
func (in *inode) setFlags(f uint32)  { in.setU32(inFlags, f) }
func (in *inode) links() uint32      { return uint32(in.u16(inLinks)) }
func (in *inode) setLinks(n uint32)  { in.setU16(inLinks, uint16(n)) }
func (in *inode) generation() uint32 { return in.u32(inGen) }

func (in *inode) uid() uint32 { return uint32(in.u16(inUIDLo)) | uint32(in.u16(inUIDHi))<<16 }
func (in *inode) gid() uint32 { return uint32(in.u16(inGIDLo)) | uint32(in.u16(inGIDHi))<<16 }

func (in *inode) setOwner(uid, gid uint32) {
	in.setU16(inUIDLo, uint16(uid))
	in.setU16(inUIDHi, uint16(uid>>16))
	in.setU16(inGIDLo, uint16(gid))
	in.setU16(inGIDHi, uint16(gid>>16))
}

func (in *inode) size() uint64 { return uint64(in.u32(inSizeLo)) | uint64(in.u32(inSizeHi))<<32 }

func (in *inode) setSize(n uint64) {
	in.setU32(inSizeLo, uint32(n))
	in.setU32(inSizeHi, uint32(n>>32))
}

// blocks is st_blocks, in units of 512 bytes.
func (in *inode) blocks(sb super, bsize int) uint64 {
	n := uint64(in.u32(inBlocksLo))
	if sb.roCompat(roHugeFile) {
		n |= uint64(in.u16(inBlocksHi)) << 32
		if in.has(flHugeFile) {
			n *= uint64(bsize / 512)
		}
	}
	return n
}

func (in *inode) aclBlock() uint64 { return uint64(in.u32(inACLLo)) | uint64(in.u16(inACLHi))<<32 }

// rdev decodes a device number to the 32-bit form of new_encode_dev, which FUSE uses too.
func (in *inode) rdev() uint32 {
	if old := in.u32(inBlock); old != 0 {
		return old & 0xffff
	}
	return in.u32(inBlock + 4)
}

func (in *inode) setRdev(dev uint32) {
	if dev <= 0xffff {
		in.setU32(inBlock, dev)
		return
	}
	in.setU32(inBlock+4, dev)
}

// fastLink tells whether the target of a symbolic link lies in the inode (ext4_inode_is_fast_symlink).
func (in *inode) fastLink(sb super, bsize int) bool {
	n := in.blocks(sb, bsize)
	if in.aclBlock() != 0 {
		n -= min(n, uint64(bsize/512))
	}
	return n == 0 && !in.has(flInline)
}

// initExtents makes an empty extent tree.
func (in *inode) initExtents() {
	clear(in.raw[inBlock:inBlockEnd])
	in.setU16(inBlock, 0xF30A) // EXT4_EXT_MAGIC
	in.setU16(inBlock+4, 4)    // room for 4 entries
	in.setFlags(in.flags() | flExtents)
}
