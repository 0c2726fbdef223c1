// SPDX-License-Identifier: Apache-2.0

package vunet

import (
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Inode is the inode of a stack that is nothing but a file of type S_IFSTACK: what a stack embeds so that only
// Socket and Families are left to write. It belongs to who mounted it.
type Inode struct {
	uid, gid uint32
	made     unix.StatxTimestamp
}

// NewInode makes the inode for a mount by c's caller, as of now.
func NewInode(c engine.Call) Inode {
	now := time.Now()
	cr := c.Cred()
	return Inode{uid: cr.FSUID, gid: cr.FSGID, made: unix.StatxTimestamp{Sec: now.Unix(), Nsec: uint32(now.Nanosecond())}}
}

// Type implements [engine.Node].
func (Inode) Type() uint32 { return engine.SIFSTACK }

// Stat implements [engine.Node].
func (i Inode) Stat(_ engine.Call, st *unix.Statx_t) error {
	*st = unix.Statx_t{
		Mask: unix.STATX_BASIC_STATS | unix.STATX_BTIME, Blksize: 4096, Nlink: 1, Ino: 1,
		Uid: i.uid, Gid: i.gid, Mode: engine.SIFSTACK | 0o777,
		Atime: i.made, Mtime: i.made, Ctime: i.made, Btime: i.made,
	}
	return nil
}
