// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// dirIndex is a parsed directory: each block's entries and its room, and all names.
type dirIndex struct {
	blocks []dirBlock
	names  map[string]*dirEnt
	flat   []*dirEnt // all entries in the order of the blocks, made when needed
	count  int
	bad    error // why it cannot be trusted as a whole: what was parsed may be read, nothing may be changed
}

// dirBlock is a block of a directory. room is the longest entry that fits into it.
type dirBlock struct {
	pblk uint64
	ents []*dirEnt
	room int
}

// lookupDir gives a directory and its parsed entries.
func (v *Volume) lookupDir(ino uint32) (*inode, *dirIndex, error) {
	in, err := v.get(ino)
	if err != nil {
		return nil, nil, err
	}
	if !in.isDir() {
		return nil, nil, unix.ENOTDIR
	}
	d, err := v.loadDir(in)
	return in, d, err
}

// loadDir parses a directory unless that is done already.
func (v *Volume) loadDir(in *inode) (*dirIndex, error) {
	if in.dir != nil {
		return in.dir, nil
	}
	v.evictDirs(in)
	d := &dirIndex{names: make(map[string]*dirEnt)}
	var err error
	if in.has(flInline) {
		err = v.parseInlineDir(in, d)
	} else {
		err = v.parseDir(in, d)
	}
	if err != nil {
		return nil, err
	}
	in.dir = d
	v.dirEnts += d.count
	return d, nil
}

// maxDirSize is what the kernel lets a directory grow to without large_dir (EXT4_MAX_... 2 GiB).
const maxDirSize = 1 << 31

func (v *Volume) parseDir(in *inode, d *dirIndex) error {
	n := v.blocksFor(in.size())
	if in.size()%v.bsize != 0 || (in.size() > maxDirSize && !v.sb.incompat(incompatLargedir)) {
		return unix.EUCLEAN
	}
	buf := make([]byte, v.bsize)
	total := uint64(0)
	for lblk := uint64(0); lblk < n; {
		r, err := v.runAt(in, lblk, n-lblk)
		if err != nil {
			return err
		}
		if !r.reads() {
			// A hole: no entries, and no place for any (fs/ext4/dir.c skips it with a warning).
			d.bad = unix.EUCLEAN
			lblk += r.n
			if r.n > v.sb.blocks() {
				return nil
			}
			continue
		}
		// A directory cannot have more blocks than there are: damaged maps name blocks many times.
		if total += r.n; total > v.sb.blocks() {
			d.bad = unix.EUCLEAN
			return nil
		}
		for i := range r.n {
			if err := v.fs.ReadDir(in.ino, r.pblk+i, buf); err != nil {
				d.bad = err
				return nil
			}
			v.parseBlock(d, lblk+i, r.pblk+i, buf)
		}
		lblk += r.n
	}
	return nil
}

// parseBlock adds a block to the index; what cannot be parsed leaves d.bad.
func (v *Volume) parseBlock(d *dirIndex, lblk, pblk uint64, buf []byte) {
	for uint64(len(d.blocks)) <= lblk {
		d.blocks = append(d.blocks, dirBlock{})
	}
	b := &d.blocks[lblk]
	b.pblk = pblk
	err := eachEnt(buf, func(e *rawEnt) bool {
		if e.ino == 0 && e.ftype == tailType {
			return true
		}
		b.room = max(b.room, e.spare())
		if e.ino != 0 {
			d.add(&dirEnt{name: string(e.name), ino: e.ino, ftype: e.ftype, blk: uint32(lblk), off: uint32(e.off)})
		}
		return true
	})
	if err != nil {
		d.bad = err
	}
}

// tailType marks the record at the end of a block that holds the checksum (EXT4_FT_DIR_CSUM).
const tailType = 0xDE

// add enters an entry at the end of its block's list.
func (d *dirIndex) add(e *dirEnt) {
	if !goodName(e.name) || d.names[e.name] != nil {
		d.bad = unix.EUCLEAN
		return
	}
	d.names[e.name] = e
	b := &d.blocks[e.blk]
	b.ents = append(b.ents, e)
	d.flat = nil
	d.count++
}

// parseInlineDir parses a directory inside its inode: 4 bytes of parent, then entries in the rest of the first 60
// bytes, and further ones in the tail (fs/ext4/inline.c).
func (v *Volume) parseInlineDir(in *inode, d *dirIndex) error {
	data, err := v.inlineData(in)
	if err != nil {
		return err
	}
	if len(data) < 4 {
		return unix.EUCLEAN
	}
	d.blocks = make([]dirBlock, 1)
	d.add(&dirEnt{name: ".", ino: in.ino, ftype: 2})
	d.add(&dirEnt{name: "..", ino: binary.LittleEndian.Uint32(data), ftype: 2})
	end := min(len(data), maxFast)
	for _, part := range [][]byte{data[4:end], data[end:]} {
		err := eachEnt(part, func(e *rawEnt) bool {
			if e.ino != 0 {
				d.add(&dirEnt{name: string(e.name), ino: e.ino, ftype: e.ftype})
			}
			return true
		})
		if err != nil {
			d.bad = err
		}
	}
	return nil
}

// find gives the entry of a name. Errors: ENOENT, or what keeps the directory from being known.
func (d *dirIndex) find(name string) (*dirEnt, error) {
	if e := d.names[name]; e != nil {
		return e, nil
	}
	if d.bad != nil {
		return nil, d.bad
	}
	return nil, unix.ENOENT
}

// list gives all entries in a stable order. The slice is never changed; entries removed later are marked gone.
func (d *dirIndex) list() []*dirEnt {
	if d.flat == nil {
		d.flat = make([]*dirEnt, 0, d.count)
		for i := range d.blocks {
			d.flat = append(d.flat, d.blocks[i].ents...)
		}
	}
	return d.flat
}

// empty tells whether there is nothing but "." and "..".
func (d *dirIndex) empty() bool {
	n := d.count
	for _, name := range [...]string{".", ".."} {
		if d.names[name] != nil {
			n--
		}
	}
	return n == 0
}
