// SPDX-License-Identifier: Apache-2.0

package client

import (
	"golang.org/x/sys/unix"

	"vuos.dev/vufuse/proto"
)

// offered are the features that the client has. What is missing needs a kernel behind /dev/fuse
// (splice, DAX), a cache of dirty pages, or evaluates ACLs.
const offered = proto.AsyncRead | proto.PosixLocks | proto.AtomicOTrunc | proto.BigWrites | proto.DontMask |
	proto.FlockLocks | proto.HasIoctlDir | proto.AutoInvalData | proto.DoReaddirplus | proto.ReaddirplusAuto |
	proto.AsyncDIO | proto.NoOpenSupport | proto.ParallelDirops | proto.HandleKillpriv | proto.AbortError |
	proto.MaxPagesFlag | proto.CacheSymlinks | proto.NoOpendirSupport | proto.ExplicitInvalData |
	proto.HandleKillprivV2 | proto.SetxattrExt | proto.InitExt | proto.HasExpireOnly

// negotiate does INIT as fs/fuse/inode.c:process_init_reply.
func (fs *FS) negotiate() error {
	features := uint64(offered)
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
	fs.minor = min(out.Minor, proto.Minor)
	fs.flags = uint64(out.Flags)
	if fs.has(proto.InitExt) {
		fs.flags |= uint64(out.Flags2) << 32
	}
	fs.flags &= offered
	fs.limits(out)
	fs.t.Negotiated(fs.minor, fs.has(proto.SetxattrExt))
	return nil
}

// limits sets the sizes of READ and WRITE.
func (fs *FS) limits(out *proto.InitOut) {
	pages := proto.DefaultPages
	if fs.has(proto.MaxPagesFlag) && out.MaxPages > 0 {
		pages = min(int(out.MaxPages), proto.MaxPages)
	}
	most := pages * proto.PageSize
	fs.maxRead = min(most, fs.t.MaxReply())
	if fs.opt.MaxRead > 0 {
		fs.maxRead = min(fs.maxRead, max(fs.opt.MaxRead, proto.PageSize))
	}
	fs.maxWrite = min(most, fs.t.MaxData(), int(max(min(out.MaxWrite, 1<<30), proto.PageSize)))
	if !fs.has(proto.BigWrites) && fs.minor < 28 {
		fs.maxWrite = proto.PageSize
	}
}
