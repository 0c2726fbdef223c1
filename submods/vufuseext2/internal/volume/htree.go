// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"encoding/binary"
	"sort"

	"golang.org/x/sys/unix"
	"vuos.dev/submods/vufuseext2/internal/libext2"
)

// A hash-tree directory has in block 0, behind "." and "..", the root of a tree of (hash, block) pairs whose leaves are
// ordinary blocks of entries (fs/ext4/namei.c: dx_root, dx_node). Reading needs no tree here: the blocks of the tree look
// like empty blocks of entries, and names are found by dirIndex. It is kept correct for the kernel.
const (
	rootInfo    = 24 // dx_root_info: 4 zero bytes, hash version, length of this, levels, flags
	rootEntries = 32
	nodeEntries = 8
	pairSize    = 8
	nodeTail    = 8 // dx_tail, with metadata_csum
	maxVersion  = 5
)

// node is a block of the tree: count pairs in buf from first on, the first of which has no hash; its place holds limit
// and count.
type node struct {
	blk   uint32
	buf   []byte
	first int
	at    int // the pair that the search took
}

func (n *node) limit() int { return int(binary.LittleEndian.Uint16(n.buf[n.first:])) }
func (n *node) count() int { return int(binary.LittleEndian.Uint16(n.buf[n.first+2:])) }
func (n *node) setCounts(limit, count int) {
	binary.LittleEndian.PutUint16(n.buf[n.first:], uint16(limit))
	binary.LittleEndian.PutUint16(n.buf[n.first+2:], uint16(count))
}
func (n *node) full() bool { return n.count() >= n.limit() }

func (n *node) pair(i int) []byte        { return n.buf[n.first+i*pairSize:] }
func (n *node) hash(i int) uint32        { return binary.LittleEndian.Uint32(n.pair(i)) }
func (n *node) block(i int) uint32       { return binary.LittleEndian.Uint32(n.pair(i)[4:]) & 0x0fffffff }
func (n *node) levels() int              { return int(n.buf[rootInfo+6]) }
func (n *node) setBlock(i int, b uint32) { binary.LittleEndian.PutUint32(n.pair(i)[4:], b) }

// insertPair enters a pair behind pair i.
func (n *node) insertPair(i int, hash, block uint32) {
	c := n.count()
	p := n.pair(i + 1)
	copy(p[pairSize:(c-i)*pairSize], p[:(c-i-1)*pairSize])
	binary.LittleEndian.PutUint32(p, hash)
	binary.LittleEndian.PutUint32(p[4:], block)
	n.setCounts(n.limit(), c+1)
}

// pairLimit is how many pairs a block has room for.
func (v *Volume) pairLimit(first int) int {
	n := int(v.bsize) - first
	if v.tail() != 0 {
		n -= nodeTail
	}
	return n / pairSize
}

// readNode reads and checks a block of the tree.
func (v *Volume) readNode(in *inode, d *dirIndex, blk uint32, first int) (*node, error) {
	if int64(blk) >= int64(len(d.blocks)) || d.blocks[blk].pblk == 0 {
		return nil, unix.EUCLEAN
	}
	n := &node{blk: blk, buf: make([]byte, v.bsize), first: first}
	if err := v.fs.ReadDir(in.ino, d.blocks[blk].pblk, n.buf); err != nil {
		return nil, err
	}
	if n.limit() != v.pairLimit(first) || n.count() < 1 || n.count() > n.limit() {
		return nil, unix.EUCLEAN
	}
	return n, nil
}

// maxLevels is how many levels of nodes may be between root and leaves (ext4_dir_htree_level, less the root).
func (v *Volume) maxLevels() int {
	if v.sb.incompat(incompatLargedir) {
		return 2
	}
	return 1
}

// hasher gives the hash function that the root of a tree names.
func (v *Volume) hasher(root *node) (func(string) (uint32, error), error) {
	version := int(root.buf[rootInfo+4])
	if version > maxVersion || root.buf[rootInfo+5] != rootEntries-rootInfo || root.levels() > v.maxLevels() ||
		root.buf[rootInfo+7]&1 != 0 {
		return nil, unix.EUCLEAN
	}
	version = v.sb.unsignedHash(version)
	seed := v.sb.hashSeed()
	return func(name string) (uint32, error) { return libext2.DirHash(version, name, seed) }, nil
}

// tree is the way to the leaf where a name belongs: nodes from the root on, and the leaf's block.
type tree struct {
	nodes []*node
	leaf  uint32
	hash  func(string) (uint32, error)
}

// probe searches the tree for the place of a name. Errors: EUCLEAN for damage.
func (v *Volume) probe(in *inode, d *dirIndex, name string) (*tree, error) {
	root, err := v.readNode(in, d, 0, rootEntries)
	if err != nil {
		return nil, err
	}
	t := &tree{}
	if t.hash, err = v.hasher(root); err != nil {
		return nil, err
	}
	h, err := t.hash(name)
	if err != nil {
		return nil, err
	}
	for n := root; ; {
		// The last pair whose hash is not greater. Bit 0 marks a leaf that goes on with the hash of the one before.
		n.at = sort.Search(n.count()-1, func(i int) bool { return n.hash(i+1) > h })
		t.nodes = append(t.nodes, n)
		next := n.block(n.at)
		if len(t.nodes) > root.levels() {
			t.leaf = next
			break
		}
		if n, err = v.readNode(in, d, next, nodeEntries); err != nil {
			return nil, err
		}
	}
	if t.leaf == 0 || int64(t.leaf) >= int64(len(d.blocks)) || d.blocks[t.leaf].pblk == 0 {
		return nil, unix.EUCLEAN
	}
	return t, nil
}

// writeNode writes a block of the tree.
func (v *Volume) writeNode(in *inode, d *dirIndex, n *node) error {
	return v.writeBlock(in, d, n.blk, n.buf)
}
