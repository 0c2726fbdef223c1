// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"math"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/internal/fdesc"
	"vuos.dev/engine/internal/guest"
)

var _ fdesc.Limited = (*call)(nil)

// WriteLimit implements fdesc.Limited: RLIMIT_FSIZE.
func (c *call) WriteLimit() int64 {
	lim, err := guest.GetLimit(c.TID(), unix.RLIMIT_FSIZE)
	if err != nil || lim.Cur > math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(lim.Cur)
}

// BeyondLimit implements fdesc.Limited: the thread gets SIGXFSZ, as setrlimit(2) says.
func (c *call) BeyondLimit() error {
	_ = unix.Tgkill(c.PID(), c.TID(), unix.SIGXFSZ)
	return unix.EFBIG
}

// mayGrow is what fs/attr.c:inode_newsize_ok() checks: a file grows up to RLIMIT_FSIZE.
func (c *call) mayGrow(t target, size int64) error {
	limit := c.WriteLimit()
	if size <= limit {
		return nil
	}
	var st unix.Statx_t
	if err := t.Node.Stat(c, &st); err != nil || size <= int64(st.Size) {
		return err
	}
	return c.BeyondLimit()
}
