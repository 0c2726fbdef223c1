// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"encoding/binary"
	"strings"

	"golang.org/x/sys/unix"
)

// A directory block is a sequence of entries: inode (4 bytes), length of the record (2), length of the name (1), type
// (1), name. Records are multiples of 4 and fill the block; an unused one has inode 0. With metadata_csum the last 12
// bytes look like an unused entry of type 0xDE and hold the checksum (fs/ext4/ext4.h: ext4_dir_entry_2, _tail).
const (
	direntHead = 8
	tailSize   = 12
	maxName    = 255
)

// dirEnt is an entry of a directory in memory.
type dirEnt struct {
	name  string
	ino   uint32
	ftype uint8
	blk   uint32 // block of the directory
	off   uint32 // offset in it
	gone  bool   // removed since it was listed
}

// direntSize is what an entry with an n byte name needs.
func direntSize(n int) int { return (direntHead + n + 3) &^ 3 }

// recLen decodes the record length; in blocks of 64 KiB, 65535 and 0 stand for the whole block.
func recLen(b []byte, bsize int) int {
	n := int(binary.LittleEndian.Uint16(b[4:]))
	if bsize >= 65536 {
		if n == 65535 || n == 0 {
			return bsize
		}
		return n&65532 | n&3<<16
	}
	return n
}

func putRecLen(b []byte, n int) {
	if n >= 65536 {
		n = 65535
	}
	binary.LittleEndian.PutUint16(b[4:], uint16(n))
}

func putDirent(b []byte, ino uint32, rec int, name string, ftype uint8) {
	binary.LittleEndian.PutUint32(b, ino)
	putRecLen(b, rec)
	b[6] = uint8(len(name))
	b[7] = ftype
	copy(b[direntHead:], name)
}

// rawEnt is an entry as it lies in a block.
type rawEnt struct {
	off, rec int
	ino      uint32
	name     []byte
	ftype    uint8
}

// spare is what a new entry could take of this one.
func (e *rawEnt) spare() int {
	if e.ino == 0 {
		return e.rec
	}
	return e.rec - direntSize(len(e.name))
}

// eachEnt calls f for every record of a block (of part of one, for inline data), until f returns false. It stops with
// EUCLEAN at a record that cannot be.
func eachEnt(b []byte, f func(*rawEnt) bool) error {
	var e rawEnt
	for off := 0; off < len(b); off += e.rec {
		if len(b)-off < direntHead {
			return unix.EUCLEAN
		}
		d := b[off:]
		n := int(d[6])
		e = rawEnt{off: off, rec: recLen(d, len(b)), ino: binary.LittleEndian.Uint32(d), ftype: d[7]}
		if e.rec < direntHead || e.rec&3 != 0 || e.rec > len(d) || (e.ino != 0 && direntSize(n) > e.rec) {
			return unix.EUCLEAN
		}
		if e.ino != 0 {
			e.name = d[direntHead : direntHead+n]
		}
		if !f(&e) {
			return nil
		}
	}
	return nil
}

// goodName tells whether a name may be shown to the kernel: FUSE takes none with a slash or a zero byte.
func goodName(name string) bool {
	return name != "" && !strings.ContainsAny(name, "/\x00")
}

// checkName is asked before a name is entered.
func checkName(name string) error {
	switch {
	case len(name) > maxName:
		return unix.ENAMETOOLONG
	case name == "." || name == "..":
		return unix.EEXIST
	case !goodName(name):
		return unix.EINVAL
	}
	return nil
}

// ftypeOf and modeOf translate between i_mode and the type byte of an entry.
func ftypeOf(mode uint32) uint8 {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return 1
	case unix.S_IFDIR:
		return 2
	case unix.S_IFCHR:
		return 3
	case unix.S_IFBLK:
		return 4
	case unix.S_IFIFO:
		return 5
	case unix.S_IFSOCK:
		return 6
	case unix.S_IFLNK:
		return 7
	}
	return 0
}

func modeOf(ftype uint8) uint32 {
	modes := [...]uint32{0, unix.S_IFREG, unix.S_IFDIR, unix.S_IFCHR, unix.S_IFBLK, unix.S_IFIFO, unix.S_IFSOCK, unix.S_IFLNK}
	if int(ftype) < len(modes) {
		return modes[ftype]
	}
	return 0
}
