// SPDX-License-Identifier: Apache-2.0

package vudevqcow2

import (
	"encoding/binary"
	"fmt"
	"path"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vudev"
)

// maxDepth bounds a chain of backing files, which may be a ring.
const maxDepth = 32

// reader is an image: the top one, a backing file, or a raw backing file.
type reader interface {
	vudev.Device
	vudev.Sizer
}

// openFile opens an image and what it is backed by. If it must not be one, anything else is a raw image.
func openFile(c engine.Call, r *vudev.Request, source string, must bool, depth int) (reader, error) {
	wrong := func(err error) error {
		return &engine.MountError{Err: unix.EINVAL, Message: source + ": " + err.Error()}
	}
	if depth > maxDepth {
		return nil, wrong(fmt.Errorf("more than %d backing files", maxDepth))
	}
	ro := *r
	ro.Source, ro.ReadOnly = source, true
	f, err := vudev.OpenImage(c, &ro, 0, 0)
	if err != nil {
		return nil, err
	}
	d, err := open(c, f)
	if err == errFormat && !must {
		return f, nil
	}
	if err == nil && d.backingName != "" {
		if d.backing, err = openFile(c, r, beside(source, d.backingName), d.backingFormat == "qcow2", depth+1); err != nil {
			f.Close(c)
			return nil, err
		}
	}
	if err != nil {
		f.Close(c)
		return nil, wrong(err)
	}
	return d, nil
}

// beside is the path of a backing file, which is relative to the image's directory.
func beside(source, name string) string {
	if path.IsAbs(name) {
		return name
	}
	return path.Join(path.Dir(source), name)
}

// open reads the header and the first-level table of an image.
func open(c engine.Call, f reader) (*image, error) {
	size, err := f.Size(c)
	if err != nil {
		return nil, err
	}
	b := make([]byte, min(size, maxHeader))
	if err := readFull(c, f, b, 0); err != nil {
		return nil, err
	}
	h, err := parseHeader(b)
	if err != nil {
		return nil, err
	}
	if h.l1At > size || 8*int64(h.l1Size) > size-h.l1At {
		return nil, fmt.Errorf("the table of %d entries at %d is not within the image", h.l1Size, h.l1At)
	}
	b = make([]byte, 8*int64(h.l1Size))
	if err := readFull(c, f, b, h.l1At); err != nil {
		return nil, err
	}
	i := &image{reader: f, header: h, l1: make([]uint64, h.l1Size)}
	for n := range i.l1 {
		i.l1[n] = binary.BigEndian.Uint64(b[8*n:])
	}
	return i, nil
}

// readFull reads what may lie behind the end of the file, as zeros.
func readFull(c engine.Call, f reader, p []byte, off int64) error {
	n, err := f.ReadAt(c, p, off)
	clear(p[n:])
	return err
}
