// SPDX-License-Identifier: Apache-2.0

package fdesc

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// CopyRange has the file system copy length bytes to another open file, as copy_file_range(2) does.
//
// Errors: EOPNOTSUPP if the caller is to read and write, because the file system cannot or because guests have the target
// mapped or materialized; the file system's.
func (o *Open) CopyRange(c engine.Call, off int64, to *Open, toOff, length int64) (int64, error) {
	f, ok := o.File.(engine.FileCopier)
	if !ok || o.ino == nil || to.ino == nil || to.ino.pinned.Load() > 0 || o.ino.hasNative() || to.ino.hasNative() {
		return 0, unix.EOPNOTSUPP
	}
	if err := o.WriteBack(c); err != nil {
		return 0, err
	}
	n, err := f.CopyRange(c, off, to.File, toOff, length)
	if n > 0 {
		to.ino.Invalidate(toOff, n)
	}
	return n, err
}
