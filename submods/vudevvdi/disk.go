// SPDX-License-Identifier: Apache-2.0

package vudevvdi

import (
	"encoding/binary"
	"fmt"
	"sync"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vudev"
)

// file is the image: what is needed of a [vudev.Image].
type file interface {
	vudev.Device
	vudev.Sizer
	vudev.Syncer
	vudev.ReadOnlyer
}

// disk is an open image.
type disk struct {
	file
	header

	// mu guards the map and allocated. A block gets its place with mu held for writing, so that it is
	// found by no one before it is complete.
	mu    sync.RWMutex
	table []uint32
}

var (
	_ vudev.Sizer      = (*disk)(nil)
	_ vudev.Syncer     = (*disk)(nil)
	_ vudev.ReadOnlyer = (*disk)(nil)
)

func open(c engine.Call, f file) (*disk, error) {
	size, err := f.Size(c)
	if err != nil {
		return nil, err
	}
	b := make([]byte, sizeHeader)
	if err := readFull(c, f, b, 0); err != nil {
		return nil, err
	}
	h, err := parseHeader(b)
	if err != nil {
		return nil, err
	}
	if h.mapAt+4*int64(h.blocks) > size {
		return nil, fmt.Errorf("the image ends within its map of %d blocks", h.blocks)
	}
	b = make([]byte, 4*int64(h.blocks))
	if err := readFull(c, f, b, h.mapAt); err != nil {
		return nil, err
	}
	table, err := parseMap(h, b)
	if err != nil {
		return nil, err
	}
	return &disk{file: f, header: h, table: table}, nil
}

// Size implements [vudev.Sizer].
func (d *disk) Size(engine.Call) (int64, error) { return d.size, nil }

// ReadAt implements [vudev.Device].
func (d *disk) ReadAt(c engine.Call, p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		at := off + int64(done)
		part := p[done:min(int64(len(p)), int64(done)+d.block-at%d.block)]
		if err := d.readBlock(c, part, at/d.block, at%d.block); err != nil {
			return done, err
		}
		done += len(part)
	}
	return done, nil
}

func (d *disk) readBlock(c engine.Call, p []byte, block, within int64) error {
	d.mu.RLock()
	n := d.table[block]
	d.mu.RUnlock()
	if n == blockFree || n == blockZero {
		clear(p)
		return nil
	}
	return readFull(c, d.file, p, d.place(n)+within)
}

// place is where the data of the n-th block of the file is.
func (d *disk) place(n uint32) int64 { return d.dataAt + int64(n)*(d.block+d.extra) + d.extra }

// readFull reads what may lie behind the end of the file, as zeros.
func readFull(c engine.Call, f file, p []byte, off int64) error {
	n, err := f.ReadAt(c, p, off)
	clear(p[n:])
	return err
}

// WriteAt implements [vudev.Device].
func (d *disk) WriteAt(c engine.Call, p []byte, off int64) (int, error) {
	done := 0
	for done < len(p) {
		at := off + int64(done)
		part := p[done:min(int64(len(p)), int64(done)+d.block-at%d.block)]
		if err := d.writeBlock(c, part, at/d.block, at%d.block); err != nil {
			return done, err
		}
		done += len(part)
	}
	return done, nil
}

func (d *disk) writeBlock(c engine.Call, p []byte, block, within int64) error {
	d.mu.RLock()
	n := d.table[block]
	d.mu.RUnlock()
	if n == blockFree || n == blockZero {
		c.Block() // others may hold the lock for long
		d.mu.Lock()
		defer d.mu.Unlock()
		if n = d.table[block]; n == blockFree || n == blockZero {
			return d.allocate(c, p, block, within)
		}
	}
	return writeFull(c, d.file, p, d.place(n)+within)
}

// allocate gives a block its place at the end of the file, with p in it and zeros around that. The header and the
// map follow the data, so that an image is whole whenever umvu is killed. mu is held.
func (d *disk) allocate(c engine.Call, p []byte, block, within int64) error {
	if isZero(p) {
		return nil
	}
	if d.allocated >= d.blocks {
		return fmt.Errorf("more blocks in the image than its disk has: %w", unix.EIO)
	}
	n := d.allocated
	data := make([]byte, d.block)
	copy(data[within:], p)
	if err := writeFull(c, d.file, data, d.place(n)); err != nil {
		return err
	}
	if err := d.put(c, offAllocated, n+1); err != nil {
		return err
	}
	d.allocated = n + 1
	if err := d.put(c, d.mapAt+4*block, n); err != nil {
		return err
	}
	d.table[block] = n
	return nil
}

func (d *disk) put(c engine.Call, off int64, n uint32) error {
	return writeFull(c, d.file, binary.LittleEndian.AppendUint32(nil, n), off)
}

func isZero(p []byte) bool {
	for _, b := range p {
		if b != 0 {
			return false
		}
	}
	return true
}

// writeFull writes all, or says why not.
func writeFull(c engine.Call, f file, p []byte, off int64) error {
	for len(p) > 0 {
		n, err := f.WriteAt(c, p, off)
		if err == nil && n <= 0 {
			err = unix.EIO
		}
		if err != nil {
			return err
		}
		p, off = p[n:], off+int64(n)
	}
	return nil
}
