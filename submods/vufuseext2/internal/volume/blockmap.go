// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"encoding/binary"
	"math"
	"sort"

	"golang.org/x/sys/unix"
	"vuos.dev/submods/vufuseext2/internal/libext2"
)

// run is a stretch of a file that is all of one kind: n blocks from lblk that lie at pblk, or, with pblk 0, a hole.
type run struct {
	lblk, pblk, n uint64
	unwritten     bool
}

// reads tells whether there is data to be read.
func (r run) reads() bool { return r.pblk != 0 && !r.unwritten }

// runAt finds the run that holds block lblk; it begins there and goes on for at most max blocks.
func (v *Volume) runAt(in *inode, lblk, max uint64) (run, error) {
	if lblk < in.win.from || lblk >= in.win.to {
		if err := v.loadWindow(in, lblk); err != nil {
			return run{}, err
		}
	}
	w := &in.win
	i := sort.Search(len(w.list), func(i int) bool { return w.list[i].Lblk+uint64(w.list[i].Len) > lblk })
	if i == len(w.list) {
		return run{lblk: lblk, n: min(max, w.to-lblk)}, nil
	}
	e := &w.list[i]
	if e.Lblk > lblk {
		return run{lblk: lblk, n: min(max, e.Lblk-lblk)}, nil
	}
	d := lblk - e.Lblk
	return run{lblk, e.Pblk + d, min(max, uint64(e.Len)-d), e.Unwritten}, nil
}

// runs lists the runs of blocks [from, to).
func (v *Volume) runs(in *inode, from, to uint64) ([]run, error) {
	var list []run
	for from < to {
		r, err := v.runAt(in, from, to-from)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
		from += r.n
	}
	return list, nil
}

// loadWindow makes the part of the block map around lblk known.
func (v *Volume) loadWindow(in *inode, lblk uint64) error {
	in.win = window{}
	if !in.has(flExtents) {
		return v.loadIndirect(in, lblk)
	}
	list, more, err := v.fs.Extents(in.ino, in.raw, lblk)
	if err != nil {
		return err
	}
	w := window{from: lblk, to: math.MaxUint64, list: list}
	if len(list) > 0 {
		w.from = min(lblk, list[0].Lblk)
		if last := list[len(list)-1]; more {
			w.to = last.Lblk + uint64(last.Len)
		}
	}
	if lblk >= w.to {
		return unix.EUCLEAN
	}
	in.win = w
	return nil
}

const direct = 12

// loadIndirect reads the block of pointers (or the twelve in the inode) that holds lblk's, as Linux
// fs/ext4/indirect.c:ext4_block_to_path divides them.
func (v *Volume) loadIndirect(in *inode, lblk uint64) error {
	if lblk < direct {
		return v.setPointers(in, 0, in.raw[inBlock:inBlock+4*direct])
	}
	per := v.bsize / 4
	rest, span := lblk-direct, per
	for level := 1; level <= 3; level++ {
		if rest < span {
			return v.walkIndirect(in, level, lblk, rest)
		}
		rest -= span
		span *= per
	}
	// Beyond what pointers can reach there is only a hole.
	in.win = window{from: lblk, to: math.MaxUint64}
	return nil
}

// walkIndirect follows level pointer blocks to block rest of the range that they cover.
func (v *Volume) walkIndirect(in *inode, level int, lblk, rest uint64) error {
	per := v.bsize / 4
	buf := make([]byte, v.bsize)
	blk := uint64(in.u32(inBlock + 4*(direct+level-1)))
	span := uint64(1)
	for range level {
		span *= per // blocks below blk
	}
	for ; ; level-- {
		if blk == 0 {
			start := lblk - rest%span
			in.win = window{from: start, to: start + span}
			return nil
		}
		if !v.validBlock(blk) {
			return unix.EUCLEAN
		}
		if err := v.fs.ReadBlock(blk, buf); err != nil {
			return err
		}
		if level == 1 {
			return v.setPointers(in, lblk-rest%per, buf)
		}
		span /= per
		blk = uint64(binary.LittleEndian.Uint32(buf[rest/span%per*4:]))
	}
}

// setPointers makes the window of consecutive block pointers.
func (v *Volume) setPointers(in *inode, lblk uint64, p []byte) error {
	w := window{from: lblk, to: lblk + uint64(len(p)/4)}
	for i := 0; i < len(p); i += 4 {
		blk := uint64(binary.LittleEndian.Uint32(p[i:]))
		if blk == 0 {
			continue
		}
		if !v.validBlock(blk) {
			return unix.EUCLEAN
		}
		l := lblk + uint64(i/4)
		if n := len(w.list); n > 0 {
			e := &w.list[n-1]
			if e.Lblk+uint64(e.Len) == l && e.Pblk+uint64(e.Len) == blk {
				e.Len++
				continue
			}
		}
		w.list = append(w.list, libext2.Extent{Lblk: l, Pblk: blk, Len: 1})
	}
	in.win = w
	return nil
}

func (v *Volume) validBlock(blk uint64) bool {
	return blk >= uint64(v.sb.u32(sbFirstData)) && blk != 0 && blk < v.sb.blocks()
}

// blocksFor is how many blocks size bytes need.
func (v *Volume) blocksFor(size uint64) uint64 {
	return size/v.bsize + min(1, size%v.bsize)
}
