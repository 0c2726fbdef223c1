// SPDX-License-Identifier: Apache-2.0

package client

import (
	"golang.org/x/sys/unix"

	"vuos.dev/vufuse/proto"
)

// offered are the features that the client has. What is missing needs a kernel behind /dev/fuse
// (splice, DAX), or a cache of dirty pages.
const offered = proto.AsyncRead | proto.PosixLocks | proto.AtomicOTrunc | proto.BigWrites | proto.DontMask |
	proto.FlockLocks | proto.HasIoctlDir | proto.AutoInvalData | proto.DoReaddirplus | proto.ReaddirplusAuto |
	proto.AsyncDIO | proto.NoOpenSupport | proto.ParallelDirops | proto.HandleKillpriv | proto.AbortError |
	proto.MaxPagesFlag | proto.CacheSymlinks | proto.NoOpendirSupport | proto.ExplicitInvalData |
	proto.PosixACL | proto.HandleKillprivV2 | proto.SetxattrExt | proto.InitExt | proto.HasExpireOnly | proto.DirectIOAllowMmap

// offers are the features that the server may choose. With ACLs it would choose default permissions as well: one that was started for
// a mount without that option has no say in it.
func (fs *FS) offers() uint64 {
	if !fs.opt.Untrusted && !fs.opt.DefaultPermissions {
		return offered &^ proto.PosixACL
	}
	return offered
}

// negotiate does INIT as fs/fuse/inode.c:process_init_reply.
func (fs *FS) negotiate() error {
	features := fs.offers()
	in := &proto.InitIn{
		Major: proto.Major, Minor: proto.Minor, MaxReadahead: uint32(fs.t.MaxData()),
		Flags: uint32(features), Flags2: uint32(features >> 32),
	}
	out, err := fs.t.Start(fs, in)
	if err != nil {
		return err
	}
	if out.Major != proto.Major || out.Minor < proto.MinMinor {
		return unix.ECONNREFUSED
	}
	a := &terms{minor: min(out.Minor, proto.Minor), flags: uint64(out.Flags)}
	if a.has(proto.InitExt) {
		a.flags |= uint64(out.Flags2) << 32
	}
	a.flags &= features
	a.limit(out, fs.t, fs.opt.MaxRead)
	fs.t.Negotiated(a.minor, a.has(proto.SetxattrExt))
	fs.agreed.Store(a)
	return nil
}

// terms are what client and server agreed upon. They do not change once INIT is answered; before, no
// feature is there.
type terms struct {
	minor             uint32
	flags             uint64
	maxRead, maxWrite int // bytes in one READ or WRITE
	nameMax           int // bytes in a name
}

func (a *terms) has(flag uint64) bool { return a.flags&flag != 0 }

// limit sets the sizes of READ and WRITE. maxRead is that of the mount option, 0 without it.
func (a *terms) limit(out *proto.InitOut, t Transport, maxRead int) {
	pages := proto.DefaultPages
	a.nameMax = proto.NameLowMax
	if a.has(proto.MaxPagesFlag) {
		pages = min(max(int(out.MaxPages), 1), proto.MaxPages)
		if pages > 1 {
			a.nameMax = proto.NameMax
		}
	}
	most := pages * proto.PageSize
	a.maxRead = min(most, t.MaxReply())
	if maxRead > 0 {
		a.maxRead = min(a.maxRead, max(maxRead, proto.PageSize))
	}
	a.maxWrite = min(most, t.MaxData(), int(max(min(out.MaxWrite, 1<<30), proto.PageSize)))
	if !a.has(proto.BigWrites) && a.minor < 28 {
		a.maxWrite = proto.PageSize
	}
}
