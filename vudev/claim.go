// SPDX-License-Identifier: Apache-2.0

package vudev

import (
	"errors"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// claim notes an open file. With O_EXCL a block device is had alone among those who open it so, and a
// partition excludes its disk (block/bdev.c:bd_may_claim()).
func (d *disk) claim(c engine.Call, n *node, flags int) error {
	return d.unlessBusy(c, func() error { return d.tryClaim(n, flags) })
}

// unlessBusy does what fails with EBUSY while a file is open. Those closed before do not count.
func (d *disk) unlessBusy(c engine.Call, try func() error) error {
	err := try()
	if errors.Is(err, unix.EBUSY) {
		d.host.Settle(c)
		err = try()
	}
	return err
}

func (d *disk) tryClaim(n *node, flags int) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n.number != 0 && d.parts[n.number] != n {
		return unix.ENXIO
	}
	if flags&unix.O_ACCMODE != unix.O_RDONLY && d.isReadOnly(n) {
		return unix.EACCES
	}
	if flags&unix.O_EXCL != 0 && n.attr.typ == unix.S_IFBLK {
		if n.exclusive > 0 || n != d.whole && d.whole.exclusive > 0 || n == d.whole && d.partsExclusive() {
			return unix.EBUSY
		}
		n.exclusive++
	}
	n.opens++
	return nil
}

func (d *disk) partsExclusive() bool {
	for _, p := range d.parts {
		if p.exclusive > 0 {
			return true
		}
	}
	return false
}

// unclaim is the end of an open file. It tells whether the partition has waited for that to go.
func (d *disk) unclaim(n *node, flags int) (leave bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if flags&unix.O_EXCL != 0 && n.attr.typ == unix.S_IFBLK {
		n.exclusive--
	}
	n.opens--
	return n.opens == 0 && d.ended && n != d.whole
}

// isReadOnly tells whether a part of the device refuses to be written. d.mu is held.
func (d *disk) isReadOnly(n *node) bool {
	if n.readOnly || d.whole.readOnly {
		return true
	}
	r, ok := d.device.(ReadOnlyer)
	return ok && r.ReadOnly()
}

// busyParts tells whether a partition is open.
func (d *disk) busyParts() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, p := range d.parts {
		if p.opens > 0 {
			return true
		}
	}
	return false
}
