// SPDX-License-Identifier: Apache-2.0

package client

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

var _ engine.NodeBirther = (*node)(nil)

// statxMinor is the version of the protocol that brought STATX.
const statxMinor = 39

// Birth implements [engine.NodeBirther]: as in the kernel, STATX is sent only for what GETATTR does
// not have (fs/fuse/dir.c:fuse_do_statx).
func (n *node) Birth(c engine.Call) (birth unix.StatxTimestamp, err error) {
	fs := n.fs
	switch {
	case n.isBad():
		return birth, unix.EIO
	case !fs.allowed(c):
		return birth, unix.EACCES
	case fs.agreed.Load().minor < statxMinor:
		return birth, unix.EOPNOTSUPP
	}
	in := &proto.StatxIn{SxMask: unix.STATX_BASIC_STATS | unix.STATX_BTIME}
	var out proto.StatxOut
	r := &Request{Op: proto.Statx, Node: n.id, In: in, Out: &out}
	if err := fs.optional(c, r, unix.EOPNOTSUPP); err != nil {
		return birth, err
	}
	if out.Mask&unix.STATX_TYPE != 0 && uint32(out.Mode)&unix.S_IFMT != n.typ {
		n.makeBad()
		return birth, unix.EIO
	}
	if out.Mask&unix.STATX_BTIME == 0 {
		return birth, unix.EOPNOTSUPP
	}
	return stamp(uint64(out.Btime.Sec), out.Btime.Nsec), nil
}
