// SPDX-License-Identifier: Apache-2.0

package vudev

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vudev/partition"
)

// Operations of BLKPG (linux/blkpg.h).
const (
	blkpgAdd    = 1
	blkpgDel    = 2
	blkpgResize = 3
)

// blkpg is BLKPG, with which partitioning programs change the partitions that the kernel has one by
// one (block/ioctl.c:blkpg_do_ioctl()).
func (f *blockFile) blkpg(c engine.Call, m engine.Memory, arg uint64) error {
	d := f.node.disk
	if f.node != d.whole || !d.partitioned() {
		return unix.EINVAL
	}
	var a [24]byte // int op, flags, datalen; void *data
	if _, err := m.ReadAt(a[:], arg); err != nil {
		return err
	}
	var b [20]byte // long long start, length; int pno
	if _, err := m.ReadAt(b[:], binary.NativeEndian.Uint64(a[16:])); err != nil {
		return err
	}
	p := partition.Partition{
		Start:  int64(binary.NativeEndian.Uint64(b[:])),
		Length: int64(binary.NativeEndian.Uint64(b[8:])),
		Number: int(int32(binary.NativeEndian.Uint32(b[16:]))),
	}
	if p.Number <= 0 || p.Number > partition.Max {
		return unix.EINVAL
	}
	op := binary.NativeEndian.Uint32(a[:])
	return d.unlessBusy(c, func() error { return d.blkpg(op, p) })
}

// blkpg does one operation of BLKPG.
func (d *disk) blkpg(op uint32, p partition.Partition) error {
	d.scan.Lock()
	defer d.scan.Unlock()
	d.mu.Lock()
	n := d.parts[p.Number]
	d.mu.Unlock()
	switch op {
	case blkpgDel:
		if n == nil {
			return unix.ENXIO
		}
		return d.drop(n)
	case blkpgAdd, blkpgResize:
		return d.blkpgPlace(n, p, op == blkpgResize)
	}
	return unix.EINVAL
}

// blkpgPlace adds a partition or gives one another length. d.scan is held.
func (d *disk) blkpgPlace(n *node, p partition.Partition, resize bool) error {
	switch {
	case p.Start < 0 || p.Length <= 0 || (p.Start|p.Length)&(sectorSize-1) != 0,
		p.Start > d.size || p.Length > d.size-p.Start,
		resize && n != nil && p.Start != n.start:
		return unix.EINVAL
	case resize && n == nil:
		return unix.ENXIO
	}
	for _, o := range d.current() {
		if o != n && p.Start < o.start+o.size() && o.start < p.Start+p.Length {
			return unix.EBUSY
		}
	}
	if !resize {
		if n != nil {
			return unix.EBUSY
		}
		d.add(p)
		return nil
	}
	d.mu.Lock()
	n.length = p.Length
	d.mu.Unlock()
	return nil
}
