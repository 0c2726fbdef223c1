// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/fdesc"
	"vuos.dev/engine/internal/view"
)

func sysFsync(c *call) reply {
	return c.onFile(func(f *fdesc.Open) error { return f.Sync(c, false) })
}

func sysFdatasync(c *call) reply {
	return c.onFile(func(f *fdesc.Open) error { return f.Sync(c, true) })
}

func sysSyncFileRange(c *call) reply {
	return c.onFile(func(f *fdesc.Open) error {
		const known = unix.SYNC_FILE_RANGE_WAIT_BEFORE | unix.SYNC_FILE_RANGE_WRITE | unix.SYNC_FILE_RANGE_WAIT_AFTER
		if off, n := int64(c.n.Args[1]), int64(c.n.Args[2]); off < 0 || n < 0 || off+n < 0 || c.n.Args[3]&^known != 0 {
			return unix.EINVAL
		}
		return f.Sync(c, true)
	})
}

func sysSyncfs(c *call) reply {
	return c.onFile(func(f *fdesc.Open) error {
		if err := f.Sync(c, false); err != nil {
			return err
		}
		return c.syncfs(posOf(f).Mount)
	})
}

func (c *call) syncfs(m *view.Mount) error {
	if m != nil {
		if fs, ok := m.FS.(engine.FileSystemSyncer); ok {
			return fs.Syncfs(c)
		}
	}
	return nil
}

// sysSync writes back what is virtual; the kernel then does the rest.
func sysSync(c *call) reply {
	for _, m := range c.task().View.Mounts().All() {
		if err := c.syncfs(m); err != nil {
			c.s.log.Logf(engine.LogWarning, "sync: %s: %v", m.Point(), err)
		}
	}
	return native
}

// sysMsync writes back the mappings of virtual files in the range.
func sysMsync(c *call) reply {
	if c.s.files.Live() == 0 {
		return native
	}
	if c.n.Args[2]&unix.MS_SYNC == 0 {
		return native
	}
	maps, err := c.mappings(c.n.Args[0], c.n.Args[1])
	if err != nil {
		return native
	}
	for _, m := range maps {
		if err := m.file.Msync(c, m.off, m.length); err != nil {
			return c.result(err)
		}
	}
	return native
}
