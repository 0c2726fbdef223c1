// SPDX-License-Identifier: Apache-2.0

package direct

import (
	"testing"
	"unsafe"

	"github.com/hanwen/go-fuse/v2/fuse"

	"vuos.dev/engine/enginetest"
	"vuos.dev/vufuse/client"
	"vuos.dev/vufuse/proto"
)

// TestLayout checks that go-fuse's structures are a header and ours.
func TestLayout(t *testing.T) {
	for _, x := range []struct {
		ours   proto.Message
		theirs uintptr
	}{
		{&proto.GetattrIn{}, unsafe.Sizeof(fuse.GetAttrIn{})},
		{&proto.StatxIn{}, unsafe.Sizeof(fuse.StatxIn{})},
		{&proto.SetattrIn{}, unsafe.Sizeof(fuse.SetAttrIn{})},
		{&proto.AccessIn{}, unsafe.Sizeof(fuse.AccessIn{})},
		{&proto.MknodIn{}, unsafe.Sizeof(fuse.MknodIn{})},
		{&proto.MkdirIn{}, unsafe.Sizeof(fuse.MkdirIn{})},
		{&proto.LinkIn{}, unsafe.Sizeof(fuse.LinkIn{})},
		{&proto.CreateIn{}, unsafe.Sizeof(fuse.CreateIn{})},
		{&proto.Rename2In{}, unsafe.Sizeof(fuse.RenameIn{})},
		{&proto.OpenIn{}, unsafe.Sizeof(fuse.OpenIn{})},
		{&proto.ReleaseIn{}, unsafe.Sizeof(fuse.ReleaseIn{})},
		{&proto.ReadIn{}, unsafe.Sizeof(fuse.ReadIn{})},
		{&proto.WriteIn{}, unsafe.Sizeof(fuse.WriteIn{})},
		{&proto.FlushIn{}, unsafe.Sizeof(fuse.FlushIn{})},
		{&proto.FsyncIn{}, unsafe.Sizeof(fuse.FsyncIn{})},
		{&proto.FallocateIn{}, unsafe.Sizeof(fuse.FallocateIn{})},
		{&proto.LseekIn{}, unsafe.Sizeof(fuse.LseekIn{})},
		{&proto.CopyFileRangeIn{}, unsafe.Sizeof(fuse.CopyFileRangeIn{})},
		{&proto.LkIn{}, unsafe.Sizeof(fuse.LkIn{})},
		{&proto.IoctlIn{}, unsafe.Sizeof(fuse.IoctlIn{})},
		{&proto.SetxattrIn{}, unsafe.Sizeof(fuse.SetXAttrIn{})},
	} {
		if n := uintptr(len(x.ours.Raw())) + proto.InHeaderSize; n != x.theirs {
			t.Errorf("%T: %d bytes with the header, go-fuse has %d", x.ours, n, x.theirs)
		}
	}
	r := &client.Request{Op: proto.Read, Node: 7, UID: 1, GID: 2, PID: 3, In: &proto.ReadIn{Fh: 4, Offset: 5, Size: 6, Flags: 8}}
	in := input[fuse.ReadIn](r)
	if in.NodeId != 7 || in.Uid != 1 || in.Gid != 2 || in.Pid != 3 || in.Fh != 4 || in.Offset != 5 || in.Size != 6 || in.Flags != 8 {
		t.Errorf("%+v", in)
	}
}

// TestEmpty calls every operation of a file system that has none.
func TestEmpty(t *testing.T) {
	ins := map[proto.Op]proto.Message{proto.Forget: &proto.ForgetIn{}, proto.BatchForget: &proto.BatchForgetIn{}}
	outs := map[proto.Op]proto.Message{
		proto.Lookup: &proto.EntryOut{}, proto.Mknod: &proto.EntryOut{}, proto.Mkdir: &proto.EntryOut{},
		proto.Symlink: &proto.EntryOut{}, proto.Link: &proto.EntryOut{}, proto.Getattr: &proto.AttrOut{},
		proto.Setattr: &proto.AttrOut{}, proto.Create: &proto.CreateOut{}, proto.Tmpfile: &proto.CreateOut{},
		proto.Statx: &proto.StatxOut{}, proto.Statfs: &proto.StatfsOut{}, proto.Open: &proto.OpenOut{},
		proto.Opendir: &proto.OpenOut{}, proto.Write: &proto.WriteOut{}, proto.Lseek: &proto.LseekOut{},
		proto.CopyFileRange: &proto.WriteOut{}, proto.Getlk: &proto.LkOut{}, proto.Ioctl: &proto.IoctlOut{},
	}
	fine := map[proto.Op]bool{
		proto.Forget: true, proto.BatchForget: true, proto.Release: true, proto.Releasedir: true, proto.Destroy: true,
		proto.Open: true, proto.Flush: true,
	}
	tr := New(fuse.NewDefaultRawFileSystem(), fuse.MountOptions{}, func(format string, a ...any) { t.Errorf(format, a...) })
	for op := proto.Lookup; op <= proto.Statx; op++ {
		r := &client.Request{Op: op, Node: 1, In: ins[op], Out: outs[op], Buf: make([]byte, 100)}
		err := tr.Do(enginetest.NewCall(), r)
		if (err == nil) != fine[op] {
			t.Errorf("%v: %v", op, err)
		}
	}
}
