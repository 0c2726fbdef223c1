// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/host"
)

// fuseSuperMagic is FUSE_SUPER_MAGIC, the type of a file system that does not say.
const fuseSuperMagic = 0x65735546

func (c *call) putStatfs(t target, buf uint64) reply {
	var st unix.Statfs_t
	if err := c.statfs(t, &st); err != nil {
		return c.result(err)
	}
	_, err := c.mem().WriteAt(encodeStatfs(&st), buf)
	return c.result(err)
}

func (c *call) statfs(t target, st *unix.Statfs_t) error {
	n, err := c.origin(t.Node)
	if err != nil {
		return err
	}
	if h, ok := n.(host.Node); ok {
		if err := h.Statfs(c, st); err != nil || t.Mount == nil {
			return err
		}
	} else {
		st.Type, st.Bsize, st.Frsize, st.Namelen = fuseSuperMagic, 4096, 4096, 255
		if fs, ok := t.Mount.FS.(engine.FileSystemStatfser); ok {
			if err := fs.Statfs(c, t.Node, st); err != nil {
				return err
			}
		}
	}
	st.Flags |= int64(t.Mount.Flags()&(unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC|unix.MS_SYNCHRONOUS)) | stValid
	if t.Mount.Flags()&unix.MS_NOATIME != 0 {
		st.Flags |= unix.ST_NOATIME
	}
	return nil
}

// stValid is ST_VALID (include/linux/statfs.h): the flags mean something.
const stValid = 0x20
