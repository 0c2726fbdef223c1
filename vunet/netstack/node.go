// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

var _ engine.Stack = (*Stack)(nil)

// Type implements engine.Node.
func (*Stack) Type() uint32 { return engine.SIFSTACK }

// Stat implements engine.Node.
func (s *Stack) Stat(_ engine.Call, st *unix.Statx_t) error {
	t := unix.StatxTimestamp{Sec: s.made.Unix(), Nsec: uint32(s.made.Nanosecond())}
	*st = unix.Statx_t{
		Mask: unix.STATX_BASIC_STATS | unix.STATX_BTIME, Blksize: 4096, Nlink: 1,
		Uid: s.uid, Gid: s.gid, Mode: engine.SIFSTACK | 0o777, Ino: s.ino,
		Atime: t, Mtime: t, Ctime: t, Btime: t,
	}
	return nil
}

// Access implements engine.NodeAccesser: everybody may use the stack.
func (*Stack) Access(engine.Call, uint32) error { return nil }

// Families implements engine.Stack.
func (*Stack) Families() []int {
	return []int{unix.AF_INET, unix.AF_INET6, unix.AF_NETLINK, unix.AF_PACKET}
}

// capable tells whether the caller has a capability over this stack.
func (s *Stack) capable(c engine.Call, n int) bool {
	cr := c.Cred()
	return cr.EUID == s.uid || cr.HasCap(n)
}
