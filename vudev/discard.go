// SPDX-License-Identifier: Apache-2.0

package vudev

import (
	"errors"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// discard frees a range, which is zeros then. EOPNOTSUPP if the device cannot.
func (f *blockFile) discard(c engine.Call, off, length int64) error {
	d, ok := f.device().(Discarder)
	if !ok {
		return unix.EOPNOTSUPP
	}
	c.Block()
	err := d.Discard(c, f.node.start+off, length)
	if err == nil {
		f.node.disk.wrote(f.node, f.node.start+off, length)
	}
	return err
}

// zero makes a range zeros, by discarding it if that is possible.
func (f *blockFile) zero(c engine.Call, off, length int64) error {
	err := f.discard(c, off, length)
	if !errors.Is(err, unix.EOPNOTSUPP) {
		return err
	}
	c.Block()
	zeros := make([]byte, min(length, 1<<20))
	for length > 0 {
		select {
		case <-c.Interrupted():
			return unix.EINTR
		default:
		}
		n, err := f.WriteAt(c, zeros[:min(length, int64(len(zeros)))], off)
		if err != nil {
			return err
		}
		off, length = off+int64(n), length-int64(n)
	}
	return nil
}
