// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"cmp"
	"errors"
	"slices"

	"golang.org/x/sys/unix"
)

// maxSplits bounds how often one insertion splits: once per level and a leaf or two.
const maxSplits = 8

// treeAdd enters a name in a hash-tree directory. done is false, and nothing has changed, if the tree cannot be
// trusted. Errors: ENOSPC, also when the tree is as high as it may be.
func (v *Volume) treeAdd(in *inode, d *dirIndex, ent *dirEnt, c Cred) (done bool, err error) {
	need := direntSize(len(ent.name))
	for i := range maxSplits {
		t, err := v.probe(in, d, ent.name)
		if err != nil {
			if i == 0 && errors.Is(err, unix.EUCLEAN) {
				return false, nil
			}
			return false, err
		}
		if d.blocks[t.leaf].room >= need {
			return true, v.insert(in, d, t.leaf, ent)
		}
		if t.nodes[len(t.nodes)-1].full() {
			err = v.splitNode(in, d, t, c)
		} else {
			err = v.splitLeaf(in, d, t, c)
		}
		if err != nil {
			return false, err
		}
	}
	return false, unix.ENOSPC
}

// packBlock makes a block of just these entries.
func (v *Volume) packBlock(blk uint32, ents []*dirEnt) []byte {
	buf := v.emptyBlock()
	off, end := 0, int(v.bsize)-v.tail()
	for i, e := range ents {
		rec := direntSize(len(e.name))
		if i == len(ents)-1 {
			rec = end - off
		}
		putDirent(buf[off:], e.ino, rec, e.name, e.ftype)
		e.blk, e.off = blk, uint32(off)
		off += rec
	}
	return buf
}

// splitLeaf moves the entries with the greater hashes, about half of the bytes, to a new leaf
// (fs/ext4/namei.c:do_split).
func (v *Volume) splitLeaf(in *inode, d *dirIndex, t *tree, c Cred) error {
	type hashed struct {
		h uint32
		e *dirEnt
	}
	list := make([]hashed, 0, len(d.blocks[t.leaf].ents))
	total := 0
	for _, e := range d.blocks[t.leaf].ents {
		h, err := t.hash(e.name)
		if err != nil {
			return err
		}
		list = append(list, hashed{h, e})
		total += direntSize(len(e.name))
	}
	if len(list) < 2 {
		return unix.EUCLEAN // no single entry fills a block
	}
	slices.SortStableFunc(list, func(a, b hashed) int { return cmp.Compare(a.h, b.h) })
	ents := make([]*dirEnt, len(list))
	cut, size := 0, 0
	for i, x := range list {
		ents[i] = x.e
		if size += direntSize(len(x.e.name)); size <= total/2 {
			cut = i + 1
		}
	}
	cut = min(max(cut, 1), len(list)-1)
	hash := list[cut].h
	if hash == list[cut-1].h {
		hash |= 1
	}
	upper := slices.Clone(ents[cut:])
	blk, err := v.appendBlock(in, d, v.packBlock(uint32(len(d.blocks)), upper), c)
	if err != nil {
		// The entries are still where they were.
		v.dropDir(in)
		return err
	}
	d.blocks[blk].ents = upper
	d.flat = nil
	parent := t.nodes[len(t.nodes)-1]
	parent.insertPair(parent.at, hash, blk)
	if err := v.writeNode(in, d, parent); err != nil {
		return err
	}
	lower := slices.Clone(ents[:cut])
	d.blocks[t.leaf].ents = lower
	return v.writeBlock(in, d, t.leaf, v.packBlock(t.leaf, lower))
}

// splitNode makes room in the lowest node of the way: the highest full node under one with room is divided, or, if
// all are full, the root gets a level below it.
func (v *Volume) splitNode(in *inode, d *dirIndex, t *tree, c Cred) error {
	i := len(t.nodes) - 1
	for i > 0 && t.nodes[i-1].full() {
		i--
	}
	if i == 0 {
		return v.addLevel(in, d, t.nodes[0], c)
	}
	low, parent := t.nodes[i], t.nodes[i-1]
	keep := low.count() / 2
	high := v.newNode()
	n := low.count() - keep
	copy(high.pair(0)[:n*pairSize], low.pair(keep)[:n*pairSize])
	hash := low.hash(keep)
	high.setCounts(v.pairLimit(nodeEntries), n)
	blk, err := v.appendBlock(in, d, high.buf, c)
	if err != nil {
		return err
	}
	parent.insertPair(parent.at, hash, blk)
	if err := v.writeNode(in, d, parent); err != nil {
		return err
	}
	low.setCounts(low.limit(), keep)
	return v.writeNode(in, d, low)
}

// addLevel moves the pairs of the root to a node of their own.
func (v *Volume) addLevel(in *inode, d *dirIndex, root *node, c Cred) error {
	if root.levels() >= v.maxLevels() {
		return unix.ENOSPC
	}
	n, count := v.newNode(), root.count()
	copy(n.pair(0)[:count*pairSize], root.pair(0)[:count*pairSize])
	n.setCounts(v.pairLimit(nodeEntries), count)
	blk, err := v.appendBlock(in, d, n.buf, c)
	if err != nil {
		return err
	}
	root.setCounts(root.limit(), 1)
	root.setBlock(0, blk)
	root.buf[rootInfo+6]++
	return v.writeNode(in, d, root)
}

func (v *Volume) newNode() *node {
	n := &node{buf: make([]byte, v.bsize), first: nodeEntries}
	putDirent(n.buf, 0, int(v.bsize), "", 0)
	return n
}

// makeTree turns a directory of one block into a hash tree with one leaf (fs/ext4/namei.c:make_indexed_dir).
func (v *Volume) makeTree(in *inode, d *dirIndex, c Cred) error {
	dot, dotdot := d.names["."], d.names[".."]
	ents := slices.Clone(d.blocks[0].ents)
	if dot == nil || dotdot == nil || len(ents) < 2 || ents[0] != dot || ents[1] != dotdot {
		return unix.EUCLEAN
	}
	rest := ents[2:]
	blk, err := v.appendBlock(in, d, v.packBlock(1, rest), c)
	if err != nil {
		v.dropDir(in) // the entries are still where they were
		return err
	}
	d.blocks[blk].ents, d.blocks[0].ents = rest, ents[:2:2]
	d.flat = nil
	root := &node{buf: make([]byte, v.bsize), first: rootEntries}
	putDirent(root.buf, dot.ino, direntSize(1), ".", dot.ftype)
	putDirent(root.buf[direntSize(1):], dotdot.ino, int(v.bsize)-direntSize(1), "..", dotdot.ftype)
	dot.off, dotdot.off = 0, uint32(direntSize(1))
	root.buf[rootInfo+4] = v.sb[sbDefHash]
	root.buf[rootInfo+5] = rootEntries - rootInfo
	root.setCounts(v.pairLimit(rootEntries), 1)
	root.setBlock(0, blk)
	in.setFlags(in.flags() | flIndex)
	if err := v.put(in); err != nil {
		return err
	}
	return v.writeNode(in, d, root)
}
