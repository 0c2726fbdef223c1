// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"encoding/binary"
	"slices"

	"golang.org/x/sys/unix"
)

// changeable gives a directory whose entries may be changed.
func (v *Volume) changeable(dir uint32) (*inode, *dirIndex, error) {
	if err := v.writable(); err != nil {
		return nil, nil, err
	}
	in, d, err := v.lookupDir(dir)
	switch {
	case err != nil:
		return nil, nil, err
	case in.links() == 0:
		return nil, nil, unix.ENOENT
	case in.has(flImmutable):
		return nil, nil, unix.EPERM
	case d.bad != nil:
		return nil, nil, d.bad
	}
	return in, d, nil
}

// editBlock has f change a block of a directory and writes it.
func (v *Volume) editBlock(in *inode, d *dirIndex, blk uint32, f func(buf []byte) error) error {
	buf := make([]byte, v.bsize)
	b := &d.blocks[blk]
	if err := v.fs.ReadDir(in.ino, b.pblk, buf); err != nil {
		return err
	}
	if err := f(buf); err != nil {
		return err
	}
	return v.writeBlock(in, d, blk, buf)
}

// writeBlock writes a block of a directory and learns what room it has now.
func (v *Volume) writeBlock(in *inode, d *dirIndex, blk uint32, buf []byte) error {
	b := &d.blocks[blk]
	if err := v.fs.WriteDir(in.ino, b.pblk, buf); err != nil {
		return err
	}
	b.room = roomIn(buf)
	return nil
}

func roomIn(buf []byte) int {
	room := 0
	_ = eachEnt(buf, func(e *rawEnt) bool {
		if e.ino != 0 || e.ftype != tailType {
			room = max(room, e.spare())
		}
		return true
	})
	return room
}

// insert puts an entry into a block that has room for it.
func (v *Volume) insert(in *inode, d *dirIndex, blk uint32, ent *dirEnt) error {
	need := direntSize(len(ent.name))
	err := v.editBlock(in, d, blk, func(buf []byte) error {
		off, err := insertIn(buf, need, ent)
		ent.blk, ent.off = blk, uint32(off)
		return err
	})
	if err != nil {
		return err
	}
	ents := d.blocks[blk].ents
	i, _ := slices.BinarySearchFunc(ents, ent.off, func(e *dirEnt, off uint32) int { return int(e.off) - int(off) })
	d.blocks[blk].ents = slices.Insert(ents, i, ent)
	d.names[ent.name] = ent
	d.flat = nil
	d.count++
	v.dirEnts++
	return nil
}

// insertIn finds a record with need bytes to spare and puts the entry there.
func insertIn(buf []byte, need int, ent *dirEnt) (off int, err error) {
	off = -1
	err = eachEnt(buf, func(e *rawEnt) bool {
		if e.spare() < need || (e.ino == 0 && e.ftype == tailType) {
			return true
		}
		off = e.off
		rec := e.rec
		if e.ino != 0 {
			used := direntSize(len(e.name))
			putRecLen(buf[off:], used)
			off += used
			rec -= used
		}
		putDirent(buf[off:], ent.ino, rec, ent.name, ent.ftype)
		return false
	})
	if err == nil && off < 0 {
		err = unix.EUCLEAN
	}
	return off, err
}

// remove takes an entry out: its space goes to the record before it (fs/ext4/namei.c:ext4_generic_delete_entry).
func (v *Volume) remove(in *inode, d *dirIndex, ent *dirEnt) error {
	if err := v.expandDir(in, d); err != nil {
		return err
	}
	err := v.editBlock(in, d, ent.blk, func(buf []byte) error {
		prev, found := rawEnt{off: -1}, false
		err := eachEnt(buf, func(e *rawEnt) bool {
			if e.off != int(ent.off) {
				prev = *e
				return true
			}
			found = e.ino == ent.ino
			clear(buf[e.off+direntHead : e.off+e.rec])
			if prev.off >= 0 {
				clear(buf[e.off : e.off+direntHead])
				putRecLen(buf[prev.off:], prev.rec+e.rec)
			} else {
				putDirent(buf[e.off:], 0, e.rec, "", 0)
			}
			return false
		})
		if err == nil && !found {
			err = unix.EUCLEAN
		}
		return err
	})
	if err != nil {
		return err
	}
	b := &d.blocks[ent.blk]
	b.ents = slices.DeleteFunc(b.ents, func(e *dirEnt) bool { return e == ent })
	delete(d.names, ent.name)
	ent.gone = true
	d.flat = nil
	d.count--
	v.dirEnts--
	return nil
}

// replace makes an entry name another inode.
func (v *Volume) replace(in *inode, d *dirIndex, ent *dirEnt, ino uint32, ftype uint8) error {
	if err := v.expandDir(in, d); err != nil {
		return err
	}
	err := v.editBlock(in, d, ent.blk, func(buf []byte) error {
		if int(ent.off) > len(buf)-direntHead || binary.LittleEndian.Uint32(buf[ent.off:]) != ent.ino {
			return unix.EUCLEAN
		}
		binary.LittleEndian.PutUint32(buf[ent.off:], ino)
		buf[ent.off+7] = ftype
		return nil
	})
	if err == nil {
		ent.ino, ent.ftype = ino, ftype
	}
	return err
}

// ftype is the type byte to write, which is 0 on file systems that have none.
func (v *Volume) ftype(mode uint32) uint8 {
	if !v.sb.incompat(incompatFiletype) {
		return 0
	}
	return ftypeOf(mode)
}
