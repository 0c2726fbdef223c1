// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"errors"

	"golang.org/x/sys/unix"
	"vuos.dev/submods/vufuseext2/internal/libext2"
)

// writeInline changes a file whose data lies in the inode. If the result does not fit there the data moves to a block,
// and done is false: the caller goes on as with any file.
func (v *Volume) writeInline(in *inode, data []byte, off uint64, c Cred) (done bool, err error) {
	end := off + uint64(len(data))
	if end < v.bsize {
		old, err := v.inlineData(in)
		if err != nil {
			return false, err
		}
		buf := make([]byte, max(end, uint64(len(old))))
		copy(buf, old)
		copy(buf[off:], data)
		if done, err = v.setInline(in, buf); done || err != nil {
			return done, err
		}
	}
	return false, v.expandFile(in, c)
}

// setInline replaces the data in the inode; fits is false, and nothing changed, if there is no room.
func (v *Volume) setInline(in *inode, data []byte) (fits bool, err error) {
	room, err := v.fs.InlineGet(in.ino, in.raw)
	if err != nil {
		return false, err
	}
	if len(data) > len(room) {
		return false, nil
	}
	// The room stays what it is, so that attributes never have to move.
	buf := make([]byte, len(room))
	copy(buf, data)
	if err := v.fs.InlineSet(in.ino, in.raw, buf); err != nil {
		var e *libext2.Error
		if errors.As(err, &e) && e.Code == libext2.ErrInlineNoSpace {
			return false, nil
		}
		return false, err
	}
	size := in.size()
	if err := v.reload(in); err != nil {
		return false, err
	}
	in.setSize(max(size, uint64(len(data))))
	return true, v.put(in)
}

// expandFile moves inline data to a block.
func (v *Volume) expandFile(in *inode, c Cred) error {
	data, err := v.inlineData(in)
	if err != nil {
		return err
	}
	data = append([]byte(nil), data...)
	if err := v.clearInline(in, c); err != nil {
		return err
	}
	if len(data) == 0 {
		return nil
	}
	_, err = v.writeFile(in, data, 0, c)
	return err
}

// clearInline gives an inode with inline data an empty block map instead. The caller has the data and puts it into
// blocks; that there is space for it is checked before anything changes.
func (v *Volume) clearInline(in *inode, c Cred) error {
	const need = 4 // data, and blocks of the map
	if !v.canAllocate(need, c) && !(v.reapData(c) && v.canAllocate(need, c)) {
		return unix.ENOSPC
	}
	if err := v.fs.InlineRemove(in.ino); err != nil {
		return err
	}
	if err := v.reload(in); err != nil {
		return err
	}
	in.setFlags(in.flags() &^ flInline)
	clear(in.raw[inBlock:inBlockEnd])
	if v.sb.incompat(incompatExtents) {
		in.initExtents()
	}
	return v.put(in)
}
