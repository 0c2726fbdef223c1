// SPDX-License-Identifier: Apache-2.0

package vudevqcow2

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"
	"sync"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vudev"
)

// Bits of table entries.
const (
	entryOffset     = 0x00fffffffffffe00
	entryCompressed = 1 << 62
	entryZero       = 1 << 0 // version 3
)

// maxTables is how many second-level tables are kept.
const maxTables = 64

// image is an open image.
type image struct {
	reader
	header
	l1      []uint64
	backing reader // nil: zeros

	mu     sync.Mutex
	tables map[int64][]uint64 // second-level tables by their place
	last   inflated           // the cluster decompressed last
}

// inflated is a decompressed cluster.
type inflated struct {
	entry uint64 // 0: none
	data  []byte
}

var (
	_ vudev.Sizer      = (*image)(nil)
	_ vudev.ReadOnlyer = (*image)(nil)
)

// Size implements [vudev.Sizer].
func (i *image) Size(engine.Call) (int64, error) { return i.size, nil }

// ReadOnly implements [vudev.ReadOnlyer].
func (*image) ReadOnly() bool { return true }

// WriteAt implements [vudev.Device].
func (*image) WriteAt(engine.Call, []byte, int64) (int, error) { return 0, unix.EPERM }

// Close implements [vudev.Device].
func (i *image) Close(c engine.Call) {
	if i.backing != nil {
		i.backing.Close(c)
	}
	i.reader.Close(c)
}

// ReadAt implements [vudev.Device].
func (i *image) ReadAt(c engine.Call, p []byte, off int64) (int, error) {
	p = p[:max(min(int64(len(p)), i.size-off), 0)]
	cluster := int64(1) << i.clusterBits
	done := 0
	for done < len(p) {
		at := off + int64(done)
		part := p[done:min(int64(len(p)), int64(done)+cluster-at%cluster)]
		if err := i.readCluster(c, part, at); err != nil {
			return done, err
		}
		done += len(part)
	}
	return done, nil
}

// readCluster reads a part of one cluster.
func (i *image) readCluster(c engine.Call, p []byte, off int64) error {
	entry, err := i.entry(c, off)
	if err != nil {
		return err
	}
	within := off & (1<<i.clusterBits - 1)
	switch {
	case entry&entryCompressed != 0:
		return i.readCompressed(c, p, entry, within)
	case i.version >= 3 && entry&entryZero != 0:
		clear(p)
		return nil
	case entry&entryOffset != 0:
		return readFull(c, i.reader, p, int64(entry&entryOffset)+within)
	case i.backing != nil:
		return i.readBacking(c, p, off)
	}
	clear(p)
	return nil
}

// readBacking reads from the backing file, behind whose end there are zeros.
func (i *image) readBacking(c engine.Call, p []byte, off int64) error {
	size, err := i.backing.Size(c)
	if err != nil {
		return err
	}
	n := max(min(int64(len(p)), size-off), 0)
	clear(p[n:])
	if n == 0 {
		return nil
	}
	return readFull(c, i.backing, p[:n], off)
}

// entry is the second-level table's word for the cluster at off, or 0.
func (i *image) entry(c engine.Call, off int64) (uint64, error) {
	l2Bits := i.clusterBits - 3
	at := int64(i.l1[off>>(i.clusterBits+l2Bits)] & entryOffset)
	if at == 0 {
		return 0, nil
	}
	index := off >> i.clusterBits & (1<<l2Bits - 1)
	i.mu.Lock()
	table := i.tables[at]
	i.mu.Unlock()
	if table == nil {
		b := make([]byte, 1<<i.clusterBits)
		if err := readFull(c, i.reader, b, at); err != nil {
			return 0, err
		}
		table = make([]uint64, 1<<l2Bits)
		for n := range table {
			table[n] = binary.BigEndian.Uint64(b[8*n:])
		}
		i.mu.Lock()
		if i.tables == nil || len(i.tables) >= maxTables {
			i.tables = map[int64][]uint64{}
		}
		i.tables[at] = table
		i.mu.Unlock()
	}
	return table[index], nil
}

// readCompressed reads a part of a compressed cluster: deflate without a header, in so many sectors.
func (i *image) readCompressed(c engine.Call, p []byte, entry uint64, within int64) error {
	i.mu.Lock()
	if i.last.entry == entry {
		copy(p, i.last.data[within:])
		i.mu.Unlock()
		return nil
	}
	i.mu.Unlock()
	offsetBits := 62 - (i.clusterBits - 8)
	at := int64(entry & (1<<offsetBits - 1))
	sectors := int64(entry&(entryCompressed-1))>>offsetBits + 1
	raw := make([]byte, sectors*512-at&511)
	if err := readFull(c, i.reader, raw, at); err != nil {
		return err
	}
	data := make([]byte, 1<<i.clusterBits)
	if _, err := io.ReadFull(flate.NewReader(bytes.NewReader(raw)), data); err != nil {
		return fmt.Errorf("compressed cluster at %d: %w (%w)", at, unix.EIO, err)
	}
	copy(p, data[within:])
	i.mu.Lock()
	i.last = inflated{entry, data}
	i.mu.Unlock()
	return nil
}
