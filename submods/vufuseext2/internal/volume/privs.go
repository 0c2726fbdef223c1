// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"errors"

	"golang.org/x/sys/unix"
)

const capability = "security.capability"

// dropPrivs takes away what a change of contents or owner must not leave: file capabilities, and with ids the
// set-user-id bit, and the set-group-id bit of a file that its group may execute or that c is not in the group of
// (fs/attr.c:setattr_should_drop_suidgid). FUSE leaves it to us (FUSE_HANDLE_KILLPRIV_V2). The caller writes the inode.
func (v *Volume) dropPrivs(in *inode, ids bool, c Cred) error {
	if in.isDir() {
		return nil
	}
	if v.mayHaveAttrs(in) {
		_, err := v.xattr(in, capability)
		if err == nil {
			err = v.removeXattr(in, capability)
		}
		if err != nil && !errors.Is(err, unix.ENODATA) {
			return err
		}
	}
	if mode := in.mode(); ids && mode&(unix.S_ISUID|unix.S_ISGID) != 0 {
		mode &^= unix.S_ISUID
		if mode&unix.S_IXGRP != 0 || (c.UID != 0 && c.GID != in.gid()) {
			mode &^= unix.S_ISGID
		}
		in.setU16(inMode, uint16(mode))
	}
	return nil
}
