// SPDX-License-Identifier: Apache-2.0

package client

import (
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

var _ engine.NodeFreshener = (*node)(nil)

// Fresh implements [engine.NodeFreshener]: as long as attributes are valid the kernel reads from its page cache without asking
// (fs/fuse/file.c:fuse_cache_read_iter()). A server that invalidates contents by itself may do that between any two reads, and is
// believed at once.
func (n *node) Fresh() time.Duration {
	if n.fs.invalidates.Load() {
		return 0
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.bad || n.stale&(unix.STATX_SIZE|unix.STATX_MTIME) != 0 {
		return 0
	}
	return max(time.Duration(n.until-n.fs.now()), 0)
}

// Prefetches implements [engine.NodeFreshener]: a server that wants to know of opens gets the requests that the kernel would send.
func (n *node) Prefetches() bool { return n.fs.lacks(proto.Open) }

// Revalidate implements [engine.NodeFreshener].
func (n *node) Revalidate(c engine.Call) error {
	_, err := n.getattr(c, nil)
	return err
}
