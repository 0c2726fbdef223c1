// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"math"

	"golang.org/x/sys/unix"
)

// addEntry enters a name that is not there yet. Errors: ENOSPC, EFBIG for a directory that cannot grow.
func (v *Volume) addEntry(in *inode, d *dirIndex, name string, ino uint32, mode uint32, c Cred) error {
	ent := &dirEnt{name: name, ino: ino, ftype: v.ftype(mode)}
	if err := v.expandDir(in, d); err != nil {
		return err
	}
	if in.has(flIndex) {
		done, err := v.treeAdd(in, d, ent, c)
		if done || err != nil {
			return err
		}
		// A tree that is damaged, or of a kind not known, is given up (fs/ext4/namei.c:ext4_add_entry).
		if err := v.flatten(in, d); err != nil {
			return err
		}
	}
	need := direntSize(len(name))
	for i := range d.blocks {
		if d.blocks[i].room >= need {
			return v.insert(in, d, uint32(i), ent)
		}
	}
	if len(d.blocks) == 1 && v.sb.compat(compatDirIndex) {
		if err := v.makeTree(in, d, c); err != nil {
			return err
		}
		done, err := v.treeAdd(in, d, ent, c)
		if err == nil && !done {
			err = unix.EUCLEAN
		}
		return err
	}
	blk, err := v.appendBlock(in, d, v.emptyBlock(), c)
	if err != nil {
		return err
	}
	return v.insert(in, d, blk, ent)
}

// tail is how many bytes at the end of a block of entries belong to the checksum.
func (v *Volume) tail() int {
	if v.sb.roCompat(roMetadataCsum) {
		return tailSize
	}
	return 0
}

// emptyBlock is a block with one unused record.
func (v *Volume) emptyBlock() []byte {
	buf := make([]byte, v.bsize)
	putDirent(buf, 0, int(v.bsize)-v.tail(), "", 0)
	v.putTail(buf)
	return buf
}

// putTail makes the record for the checksum; its value is set when the block is written.
func (v *Volume) putTail(buf []byte) {
	if v.tail() != 0 {
		putDirent(buf[len(buf)-tailSize:], 0, tailSize, "", tailType)
	}
}

// appendBlock makes a directory one block longer.
func (v *Volume) appendBlock(in *inode, d *dirIndex, buf []byte, c Cred) (uint32, error) {
	lblk := v.blocksFor(in.size())
	if lblk != uint64(len(d.blocks)) {
		return 0, unix.EUCLEAN
	}
	if lblk >= math.MaxUint32 || ((lblk+1)*v.bsize > maxDirSize && !v.sb.incompat(incompatLargedir)) {
		return 0, unix.ENOSPC
	}
	var at uint64
	_, err := v.fillHole(in, lblk, 1, func(_, pblk, _ uint64) error {
		at = pblk
		return v.fs.WriteDir(in.ino, pblk, buf)
	}, c)
	if err != nil {
		return 0, err
	}
	d.blocks = append(d.blocks, dirBlock{pblk: at, room: roomIn(buf)})
	in.setSize(in.size() + v.bsize)
	return uint32(lblk), v.put(in)
}

// expandDir moves the entries of an inline directory to a block.
func (v *Volume) expandDir(in *inode, d *dirIndex) error {
	if !in.has(flInline) {
		return nil
	}
	root := Cred{} // the reserve may be used: a removal must not fail for it
	if err := v.clearInline(in, root); err != nil {
		return err
	}
	buf := v.emptyBlock()
	for _, e := range d.blocks[0].ents {
		off, err := insertIn(buf, direntSize(len(e.name)), &dirEnt{name: e.name, ino: e.ino, ftype: v.ftype(modeOf(e.ftype))})
		if err != nil {
			return err
		}
		e.off = uint32(off)
	}
	ents := d.blocks[0].ents
	d.blocks = nil
	in.setSize(0)
	_, err := v.appendBlock(in, d, buf, root)
	if err == nil {
		d.blocks[0].ents = ents
	}
	return err
}

// flatten turns a hash-tree directory into a plain one: the blocks of the tree become blocks of entries.
func (v *Volume) flatten(in *inode, d *dirIndex) error {
	in.setFlags(in.flags() &^ flIndex)
	if err := v.put(in); err != nil {
		return err
	}
	for i := range d.blocks {
		b := &d.blocks[i]
		buf := v.emptyBlock()
		if len(b.ents) > 0 && i > 0 {
			continue
		}
		for _, e := range b.ents {
			off, err := insertIn(buf, direntSize(len(e.name)), e)
			if err != nil {
				return err
			}
			e.off = uint32(off)
		}
		if err := v.writeBlock(in, d, uint32(i), buf); err != nil {
			return err
		}
	}
	return nil
}
