// SPDX-License-Identifier: Apache-2.0

package vudevqcow2

import (
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	magic     = 0x514649fb // "QFI\xfb"
	maxHeader = 64 << 10
	maxL1     = 4 << 20 // entries, which is 32 MiB, as QEMU
	maxName   = 1023    // bytes of a backing file's name

	minClusterBits = 9
	maxClusterBits = 21
)

// Incompatible features. Dirty only says that reference counts may be wrong, which reading does not need.
const (
	featureDirty       = 1 << 0
	featureCompression = 1 << 3
)

// extBackingFormat is the header extension that names the format of the backing file.
const extBackingFormat = 0xe2792aca

// errFormat says that something else is in the file.
var errFormat = errors.New("not a qcow2 image")

// header is what is needed of an image's header.
type header struct {
	version       uint32
	clusterBits   uint32
	size          int64 // of the disk, in bytes
	l1Size        uint32
	l1At          int64
	backingName   string
	backingFormat string
}

// parseHeader reads a header and its extensions from the beginning of an image.
func parseHeader(b []byte) (h header, err error) {
	if len(b) < 72 || binary.BigEndian.Uint32(b) != magic {
		return h, errFormat
	}
	u32 := func(off int) uint32 { return binary.BigEndian.Uint32(b[off:]) }
	u64 := func(off int) uint64 { return binary.BigEndian.Uint64(b[off:]) }
	h = header{version: u32(4), clusterBits: u32(20), size: int64(u64(24)), l1Size: u32(36), l1At: int64(u64(40))}
	length := uint32(72)
	switch {
	case h.version != 2 && h.version != 3:
		return h, fmt.Errorf("version %d of the format is not known", h.version)
	case u32(32) != 0:
		return h, errors.New("encrypted images are not supported")
	case h.version == 3:
		if length, err = checkFeatures(b); err != nil {
			return h, err
		}
	}
	if err := h.check(); err != nil {
		return h, err
	}
	if at, n := u64(8), u32(16); at != 0 {
		if n == 0 || n > maxName || at > uint64(len(b)) || uint64(n) > uint64(len(b))-at {
			return h, fmt.Errorf("a name of %d bytes for the backing file, at %d", n, at)
		}
		h.backingName = string(b[at : at+uint64(n)])
	}
	h.backingFormat = extension(b[length:], extBackingFormat)
	return h, nil
}

// checkFeatures looks at what only version 3 has, and returns the header's length.
func checkFeatures(b []byte) (length uint32, err error) {
	if len(b) < 104 {
		return 0, errors.New("the header is cut off")
	}
	length = binary.BigEndian.Uint32(b[100:])
	if length < 104 || length > uint32(len(b)) {
		return 0, fmt.Errorf("a header of %d bytes", length)
	}
	features := binary.BigEndian.Uint64(b[72:])
	if unknown := features &^ (featureDirty | featureCompression); unknown != 0 {
		return 0, fmt.Errorf("has features that are not supported: %#x", unknown)
	}
	if features&featureCompression != 0 && (length < 105 || b[104] != 0) {
		return 0, errors.New("clusters are compressed in another way than deflate")
	}
	return length, nil
}

func (h header) check() error {
	if h.clusterBits < minClusterBits || h.clusterBits > maxClusterBits {
		return fmt.Errorf("clusters of 2^%d bytes", h.clusterBits)
	}
	// One entry is for a table of clusterSize/8 clusters.
	perEntry := int64(1) << (2*h.clusterBits - 3)
	switch {
	case h.size < 0 || h.size > maxL1*perEntry || h.l1Size > maxL1:
		return fmt.Errorf("a disk of %d bytes is too large", uint64(h.size))
	case int64(h.l1Size) < (h.size+perEntry-1)/perEntry:
		return fmt.Errorf("a table of %d entries is too small for a disk of %d bytes", h.l1Size, h.size)
	case h.l1At < 0 || h.l1At&(1<<h.clusterBits-1) != 0:
		return fmt.Errorf("the table is at %d", h.l1At)
	}
	return nil
}

// extension finds a header extension by its type.
func extension(b []byte, want uint32) string {
	for len(b) >= 8 {
		typ, n := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
		b = b[8:]
		if typ == 0 || uint64(n) > uint64(len(b)) {
			break
		}
		if typ == want {
			return string(b[:n])
		}
		b = b[min((uint64(n)+7)&^7, uint64(len(b))):]
	}
	return ""
}
