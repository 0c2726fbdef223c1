// SPDX-License-Identifier: Apache-2.0

package vudev

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vudev/partition"
)

// minorsPerDisk is how many minor numbers a disk has for itself and its partitions, a power of two. Virtual devices
// have the major number 0 unless told otherwise, which no device of the kernel's has. The whole device has the number behind
// those of its partitions, so that the first is not 0:0: that is no device to libblkid.
const minorsPerDisk = 2 * partition.Max

// registry is the devices of a loaded module: they share numbers and /proc/partitions.
type registry struct {
	mu     sync.Mutex
	slots  []*disk // minors from index * minorsPerDisk on
	blocks int     // block devices shown
	hide   func() error
}

var registries = struct {
	sync.Mutex
	of map[engine.Host]*registry
}{of: make(map[engine.Host]*registry)}

// registryOf finds the registry of the module that h is the host of.
func registryOf(h engine.Host) *registry {
	registries.Lock()
	defer registries.Unlock()
	r := registries.of[h]
	if r == nil {
		r = &registry{}
		registries.of[h] = r
	}
	return r
}

// add gives a device its numbers.
func (r *registry) add(d *disk) {
	r.mu.Lock()
	defer r.mu.Unlock()
	slot := slices.Index(r.slots, nil)
	if slot < 0 {
		slot = len(r.slots)
		r.slots = append(r.slots, nil)
	}
	r.slots[slot] = d
	a := &d.whole.attr
	d.firstMinor = a.minor
	if a.major == 0 && a.minor == 0 {
		d.firstMinor = uint32(slot * minorsPerDisk)
		a.minor = d.firstMinor + minorsPerDisk
	}
}

// remove takes a device out.
func (r *registry) remove(d *disk) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if i := slices.Index(r.slots, d); i >= 0 {
		r.slots[i] = nil
	}
}

// show makes a block device known: in /sys, and with the first one, in /proc/partitions. A name in /sys that somebody has
// already stays his.
func (r *registry) show(d *disk) {
	c := d.host.Background()
	if _, _, err := c.View().Lookup(c, sysClass+d.whole.name(), false); err == nil {
		return
	}
	d.mu.Lock()
	d.inSys = true
	d.mu.Unlock()
	d.whole.hide = d.whole.showInSys()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.blocks++; r.blocks == 1 {
		r.hide = d.host.Attach("/proc/partitions", "proc", partOfSys{partitionsNode{r, d.dev}})
	}
}

// unshow is the end of show.
func (r *registry) unshow(d *disk) {
	if d.whole.hide == nil {
		return
	}
	d.whole.hide()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.blocks--; r.blocks == 0 {
		_ = r.hide() // EINVAL if the view has ended
	}
}

// partitionsNode is /proc/partitions.
type partitionsNode struct {
	r   *registry
	dev uint64
}

// Type implements [engine.Node].
func (partitionsNode) Type() uint32 { return unix.S_IFREG }

// Cache implements [engine.NodeCacher].
func (partitionsNode) Cache() engine.CachePolicy { return engine.CacheNone }

// Stat implements [engine.Node].
func (p partitionsNode) Stat(_ engine.Call, st *unix.Statx_t) error {
	*st = unix.Statx_t{
		Mask: unix.STATX_BASIC_STATS, Blksize: 1024, Mode: unix.S_IFREG | 0o444, Nlink: 1, Ino: 1,
		Dev_major: unix.Major(p.dev), Dev_minor: unix.Minor(p.dev),
	}
	return nil
}

// Open implements [engine.NodeOpener]: the kernel's devices and ours (block/genhd.c:show_partition()).
func (p partitionsNode) Open(_ engine.Call, flags int) (engine.File, error) {
	if flags&unix.O_ACCMODE != unix.O_RDONLY {
		return nil, unix.EACCES
	}
	host, err := os.ReadFile("/proc/partitions")
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	if b.Write(host); len(host) == 0 {
		b.WriteString("major minor  #blocks  name\n\n")
	}
	p.r.mu.Lock()
	disks := slices.Clone(p.r.slots)
	p.r.mu.Unlock()
	for _, d := range disks {
		if d == nil {
			continue
		}
		d.mu.Lock()
		shown := d.inSys
		d.mu.Unlock()
		if !shown {
			continue
		}
		for _, n := range append([]*node{d.whole}, d.current()...) {
			fmt.Fprintf(&b, "%4d  %7d %10d %s\n", n.attr.major, n.attr.minor, n.size()>>10, n.name())
		}
	}
	return textFile{b.String()}, nil
}
