// SPDX-License-Identifier: Apache-2.0

package direct

import (
	"github.com/hanwen/go-fuse/v2/fuse"

	"vuos.dev/vufuse/client"
	"vuos.dev/vufuse/proto"
)

// call makes the call that a request stands for, as go-fuse's own server does
// (fuse/opcode.go).
func (t *Transport) call(stop <-chan struct{}, r *client.Request) fuse.Status {
	f := t.raw
	switch r.Op {
	case proto.Lookup:
		return f.Lookup(stop, input[fuse.InHeader](r), r.Name, output[fuse.EntryOut](r))
	case proto.Forget, proto.BatchForget:
		t.forget(r)
		return fuse.OK
	case proto.Getattr:
		return f.GetAttr(stop, input[fuse.GetAttrIn](r), output[fuse.AttrOut](r))
	case proto.Statx:
		return f.Statx(stop, input[fuse.StatxIn](r), output[fuse.StatxOut](r))
	case proto.Setattr:
		return f.SetAttr(stop, input[fuse.SetAttrIn](r), output[fuse.AttrOut](r))
	case proto.Access:
		return f.Access(stop, input[fuse.AccessIn](r))
	case proto.Readlink:
		b, s := f.Readlink(stop, input[fuse.InHeader](r))
		return variable(r, b, s)
	case proto.Statfs:
		return f.StatFs(stop, input[fuse.InHeader](r), output[fuse.StatfsOut](r))
	case proto.Destroy:
		return fuse.OK
	case proto.Getxattr, proto.Listxattr, proto.Setxattr, proto.Removexattr:
		return t.xattr(stop, r)
	case proto.Mknod, proto.Mkdir, proto.Symlink, proto.Link, proto.Create, proto.Tmpfile,
		proto.Unlink, proto.Rmdir, proto.Rename, proto.Rename2:
		return t.name(stop, r)
	}
	return t.file(stop, r)
}

// name calls what changes names.
func (t *Transport) name(stop <-chan struct{}, r *client.Request) fuse.Status {
	f := t.raw
	switch r.Op {
	case proto.Mknod:
		return f.Mknod(stop, input[fuse.MknodIn](r), r.Name, output[fuse.EntryOut](r))
	case proto.Mkdir:
		return f.Mkdir(stop, input[fuse.MkdirIn](r), r.Name, output[fuse.EntryOut](r))
	case proto.Symlink:
		return f.Symlink(stop, input[fuse.InHeader](r), r.Name2, r.Name, output[fuse.EntryOut](r))
	case proto.Link:
		return f.Link(stop, input[fuse.LinkIn](r), r.Name, output[fuse.EntryOut](r))
	case proto.Create:
		return f.Create(stop, input[fuse.CreateIn](r), r.Name, output[fuse.CreateOut](r))
	case proto.Tmpfile:
		return f.Tmpfile(stop, input[fuse.CreateIn](r), output[fuse.CreateOut](r))
	case proto.Unlink:
		return f.Unlink(stop, input[fuse.InHeader](r), r.Name)
	case proto.Rmdir:
		return f.Rmdir(stop, input[fuse.InHeader](r), r.Name)
	}
	return f.Rename(stop, input[fuse.RenameIn](r), r.Name, r.Name2)
}

// file calls what works on open files.
func (t *Transport) file(stop <-chan struct{}, r *client.Request) fuse.Status {
	f := t.raw
	switch r.Op {
	case proto.Open:
		return f.Open(stop, input[fuse.OpenIn](r), output[fuse.OpenOut](r))
	case proto.Opendir:
		return f.OpenDir(stop, input[fuse.OpenIn](r), output[fuse.OpenOut](r))
	case proto.Release:
		f.Release(stop, input[fuse.ReleaseIn](r))
		return fuse.OK
	case proto.Releasedir:
		f.ReleaseDir(input[fuse.ReleaseIn](r))
		return fuse.OK
	case proto.Read:
		return t.read(stop, r)
	case proto.Write:
		return t.write(stop, r)
	case proto.Readdir, proto.Readdirplus:
		return t.readdir(stop, r)
	case proto.Flush:
		return f.Flush(stop, input[fuse.FlushIn](r))
	case proto.Fsync:
		return f.Fsync(stop, input[fuse.FsyncIn](r))
	case proto.Fsyncdir:
		return f.FsyncDir(stop, input[fuse.FsyncIn](r))
	case proto.Fallocate:
		return f.Fallocate(stop, input[fuse.FallocateIn](r))
	case proto.Lseek:
		return f.Lseek(stop, input[fuse.LseekIn](r), output[fuse.LseekOut](r))
	case proto.CopyFileRange:
		n, s := f.CopyFileRange(stop, input[fuse.CopyFileRangeIn](r))
		output[fuse.WriteOut](r).Size = n
		return s
	case proto.Getlk:
		return f.GetLk(stop, input[fuse.LkIn](r), output[fuse.LkOut](r))
	case proto.Setlk:
		return f.SetLk(stop, input[fuse.LkIn](r))
	case proto.Setlkw:
		return f.SetLkw(stop, input[fuse.LkIn](r))
	case proto.Ioctl:
		r.N = len(r.Buf)
		return f.Ioctl(stop, input[fuse.IoctlIn](r), r.Data, output[fuse.IoctlOut](r), r.Buf)
	}
	return fuse.ENOSYS
}
