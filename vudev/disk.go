// SPDX-License-Identifier: Apache-2.0

package vudev

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vudev/partition"
)

const sectorSize = partition.SectorSize

// disk is the file system of a mounted device: a single file. Its partitions are file systems
// of their own, attached beside it.
type disk struct {
	host   engine.Host
	sub    *Submodule
	fstype string
	point  string
	device Device
	size   int64 // bytes; constant, as that of a disk
	dev    uint64
	whole  *node

	firstMinor uint32 // that of partition N is N more

	tableWritten atomic.Bool // partitions may be others now

	// scan is taken before mu, and held while partitions come and go.
	scan      sync.Mutex
	complaint string // what NoTable was last told

	mu    sync.Mutex
	parts map[int]*node
	table []int64 // offsets of sectors far from both ends of the disk that belong to the table
	ended bool    // unmounted, though partitions may still be open
	inSys bool    // shown in /sys and /proc/partitions
}

var (
	_ engine.FileSystemLister = (*disk)(nil)
	_ engine.FileSystemBusier = (*disk)(nil)
	_ engine.FileSystemSyncer = (*disk)(nil)
	_ engine.FileSystemDriver = (*disk)(nil)
)

func newDisk(c engine.Call, h engine.Host, sub *Submodule, dev Device, r *engine.MountRequest, a attributes) (*disk, error) {
	d := &disk{host: h, sub: sub, fstype: r.Type, point: r.Target, device: dev, parts: make(map[int]*node)}
	d.whole = &node{disk: d, attr: a}
	if a.typ == unix.S_IFBLK {
		s, ok := dev.(Sizer)
		if !ok {
			return nil, invalid("%s: blk: not a block device", r.Type)
		}
		size, err := s.Size(c)
		if err != nil {
			return nil, fmt.Errorf("size: %w", err)
		}
		d.size = size &^ (sectorSize - 1)
	}
	d.dev = h.AnonDev()
	reg := registryOf(h)
	reg.add(d)
	if a.typ == unix.S_IFBLK {
		reg.show(d)
	}
	if d.partitioned() {
		_ = d.rescan(c)
	}
	return d, nil
}

func (d *disk) partitioned() bool { return d.sub.Partitioned && d.whole.attr.typ == unix.S_IFBLK }

// Root implements [engine.FileSystem].
func (d *disk) Root() engine.Node { return d.whole }

// Listed implements [engine.FileSystemLister].
func (d *disk) Listed() bool { return true }

// Drives implements [engine.FileSystemDriver].
func (d *disk) Drives() (typ uint32, rdev uint64, ok bool) { return d.whole.drives() }

// Busy implements [engine.FileSystemBusier].
func (d *disk) Busy() bool { return d.busyParts() }

// Syncfs implements [engine.FileSystemSyncer].
func (d *disk) Syncfs(c engine.Call) error {
	if s, ok := d.device.(Syncer); ok {
		return s.Sync(c)
	}
	return nil
}

// Unmount implements [engine.FileSystem]. After a lazy unmount partitions may still be open: each goes
// when it is closed, and the last one closes the device.
func (d *disk) Unmount(c engine.Call) error {
	d.mu.Lock()
	d.ended = true
	d.mu.Unlock()
	err := d.setParts(nil)
	if errors.Is(err, unix.EBUSY) {
		return nil
	}
	d.close(c)
	return err
}

func (d *disk) close(c engine.Call) {
	r := registryOf(d.host)
	r.unshow(d)
	r.remove(d)
	d.device.Close(c)
	d.host.FreeDev(d.dev)
}

// leave takes a partition away that was open when its disk was unmounted.
func (n *node) leave() {
	d := n.disk
	d.scan.Lock()
	defer d.scan.Unlock()
	d.mu.Lock()
	here := d.parts[n.number] == n && n.opens == 0
	d.mu.Unlock()
	if !here || d.drop(n) != nil {
		return
	}
	d.mu.Lock()
	last := len(d.parts) == 0
	d.mu.Unlock()
	if last {
		d.close(d.host.Background())
	}
}

// size is that of the device file in bytes.
func (n *node) size() int64 {
	if n.number == 0 {
		return n.disk.size
	}
	n.disk.mu.Lock()
	defer n.disk.mu.Unlock()
	return n.length
}

// partFS is the file system of a partition.
type partFS struct{ n *node }

var (
	_ engine.FileSystemLister = partFS{}
	_ engine.FileSystemDriver = partFS{}
)

// Drives implements [engine.FileSystemDriver].
func (p partFS) Drives() (typ uint32, rdev uint64, ok bool) { return p.n.drives() }

// Root implements [engine.FileSystem].
func (p partFS) Root() engine.Node { return p.n }

// Listed implements [engine.FileSystemLister].
func (p partFS) Listed() bool { return true }

// Unmount implements [engine.FileSystem].
func (p partFS) Unmount(engine.Call) error { return nil }

// add makes a partition's device file. d.scan is held.
func (d *disk) add(p partition.Partition) {
	n := &node{disk: d, number: p.Number, start: p.Start, length: p.Length, readOnly: p.ReadOnly}
	d.whole.mu.Lock()
	n.attr = d.whole.attr
	d.whole.mu.Unlock()
	n.attr.minor = d.firstMinor + uint32(p.Number)
	d.mu.Lock()
	d.parts[p.Number] = n
	d.mu.Unlock()
	n.detach = d.host.Attach(d.point+strconv.Itoa(p.Number), d.fstype, partFS{n})
	if d.inSys {
		n.hide = n.showInSys()
	}
}

// drop takes a partition's device file away. EBUSY if it is open. d.scan is held.
func (d *disk) drop(n *node) error {
	d.mu.Lock()
	if n.opens > 0 {
		d.mu.Unlock()
		return unix.EBUSY
	}
	delete(d.parts, n.number)
	d.mu.Unlock()
	err := n.detach()
	if errors.Is(err, unix.EINVAL) {
		err = nil // the view has ended, and it was detached with all others
	}
	if err != nil {
		d.mu.Lock()
		d.parts[n.number] = n
		d.mu.Unlock()
		return err
	}
	if n.hide != nil {
		n.hide()
	}
	return nil
}
