// SPDX-License-Identifier: Apache-2.0

package vudev

import (
	"io"
	"slices"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vudev/partition"
)

// tableMargin is how near to the beginning and the end of a disk a write may have changed its table, in
// bytes: more than a GPT of the usual size takes.
const tableMargin = 64 << 10

// wrote notes that a range of the disk, in bytes, was written through n.
func (d *disk) wrote(n *node, off, length int64) {
	if length <= 0 || n != d.whole || !d.partitioned() || d.tableWritten.Load() {
		return
	}
	if off < tableMargin || off+length > d.size-tableMargin || d.inTable(off, length) {
		d.tableWritten.Store(true)
	}
}

func (d *disk) inTable(off, length int64) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, at := range d.table {
		if off < at+sectorSize && at < off+length {
			return true
		}
	}
	return false
}

// rescanIfWritten looks for partitions again if the table may have changed. If partitions are in use it
// stays to be done.
func (d *disk) rescanIfWritten(c engine.Call) {
	if !d.tableWritten.Load() {
		return
	}
	d.mu.Lock()
	ended := d.ended
	d.mu.Unlock()
	if !ended {
		_ = d.rescan(c)
	}
}

// rescan is BLKRRPART. EBUSY if a partition is open, and nothing is changed then.
func (d *disk) rescan(c engine.Call) error {
	if !d.partitioned() {
		return unix.EINVAL
	}
	c.Block()
	return d.unlessBusy(c, func() error { return d.tryRescan(c) })
}

func (d *disk) tryRescan(c engine.Call) error {
	if d.busyParts() {
		return unix.EBUSY
	}
	d.tableWritten.Store(false)
	t, err := partition.Read(source{c, d.device}, d.size)
	d.mu.Lock()
	d.table = t.Sectors
	d.mu.Unlock()
	d.complain(err)
	if err := d.setParts(t.Partitions); err != nil {
		d.tableWritten.Store(true)
		return err
	}
	return nil
}

// complain tells the submodule why there is no table, once for each reason.
func (d *disk) complain(err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	d.scan.Lock()
	again := d.complaint == text
	d.complaint = text
	d.scan.Unlock()
	if err != nil && !again && d.sub.NoTable != nil {
		d.sub.NoTable(err)
	}
}

// setParts makes the device files those of the list. What is the same stays.
func (d *disk) setParts(list []partition.Partition) error {
	d.scan.Lock()
	defer d.scan.Unlock()
	want := make(map[int]partition.Partition, len(list))
	for _, p := range list {
		want[p.Number] = p
	}
	var failed error
	for _, n := range d.current() {
		p, ok := want[n.number]
		if ok && p.Start == n.start && p.Length == n.size() {
			delete(want, n.number)
			continue
		}
		if err := d.drop(n); err != nil {
			failed = err
			delete(want, n.number)
		}
	}
	for _, p := range list {
		if _, ok := want[p.Number]; ok {
			d.add(p)
		}
	}
	return failed
}

// current is the partitions there are now, by number.
func (d *disk) current() []*node {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := make([]*node, 0, len(d.parts))
	for _, n := range d.parts {
		out = append(out, n)
	}
	slices.SortFunc(out, func(a, b *node) int { return a.number - b.number })
	return out
}

// source is the device for the parser.
type source struct {
	c engine.Call
	d Device
}

// ReadAt implements [io.ReaderAt].
func (s source) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.d.ReadAt(s.c, p, off)
	if err == nil && n < len(p) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
