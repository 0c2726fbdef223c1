// SPDX-License-Identifier: Apache-2.0

package direct

import (
	"github.com/hanwen/go-fuse/v2/fuse"

	"vuos.dev/vufuse/client"
	"vuos.dev/vufuse/proto"
)

// variable puts data into the room that the request has for it. Too much is EIO, as on the
// wire.
func variable(r *client.Request, b []byte, s fuse.Status) fuse.Status {
	if s != fuse.OK {
		return s
	}
	if len(b) > len(r.Buf) {
		return fuse.EIO
	}
	r.N = copy(r.Buf, b) // nothing moves if b is in r.Buf already
	return fuse.OK
}

func (t *Transport) read(stop <-chan struct{}, r *client.Request) fuse.Status {
	res, s := t.raw.Read(stop, input[fuse.ReadIn](r), r.Buf)
	if res == nil {
		return s
	}
	defer res.Done()
	if s != fuse.OK {
		return s
	}
	b, s := res.Bytes(r.Buf)
	return variable(r, b, s)
}

func (t *Transport) write(stop <-chan struct{}, r *client.Request) fuse.Status {
	in := input[fuse.WriteIn](r)
	n, s := t.raw.Writev(stop, in, [][]byte{r.Data})
	if s == fuse.ENOSYS {
		n, s = t.raw.Write(stop, in, r.Data)
	}
	output[fuse.WriteOut](r).Size = n
	return s
}

func (t *Transport) readdir(stop <-chan struct{}, r *client.Request) fuse.Status {
	in := input[fuse.ReadIn](r)
	list := fuse.NewDirEntryList(r.Buf, in.Offset)
	var s fuse.Status
	if r.Op == proto.Readdirplus {
		s = t.raw.ReadDirPlus(stop, in, list)
	} else {
		s = t.raw.ReadDir(stop, in, list)
	}
	return variable(r, list.Bytes(), s)
}

func (t *Transport) xattr(stop <-chan struct{}, r *client.Request) fuse.Status {
	if t.opts.DisableXAttrs {
		return fuse.ENOSYS
	}
	var n uint32
	var s fuse.Status
	switch r.Op {
	case proto.Setxattr:
		return t.raw.SetXAttr(stop, input[fuse.SetXAttrIn](r), r.Name, r.Data)
	case proto.Removexattr:
		return t.raw.RemoveXAttr(stop, input[fuse.InHeader](r), r.Name)
	case proto.Getxattr:
		n, s = t.raw.GetXAttr(stop, input[fuse.InHeader](r), r.Name, r.Buf)
	case proto.Listxattr:
		n, s = t.raw.ListXAttr(stop, input[fuse.InHeader](r), r.Buf)
	}
	if s == fuse.OK && int64(n) > int64(len(r.Buf)) {
		return fuse.ERANGE
	}
	r.N = int(n)
	return s
}

// forget passes FORGET and BATCH_FORGET on, one node at a time.
func (t *Transport) forget(r *client.Request) {
	if t.opts.RememberInodes {
		return
	}
	if in, ok := r.In.(*proto.ForgetIn); ok {
		t.raw.Forget(r.Node, in.Nlookup)
		return
	}
	for b := r.Data; len(b) > 0; {
		var one proto.ForgetOne
		b = b[copy(one.Raw(), b):]
		t.raw.Forget(one.Node, one.Nlookup)
	}
}
