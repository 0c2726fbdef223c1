// SPDX-License-Identifier: Apache-2.0

package direct

import (
	"unsafe"

	"github.com/hanwen/go-fuse/v2/fuse"

	"vuos.dev/vufuse/client"
	"vuos.dev/vufuse/proto"
)

// input makes go-fuse's form of a request, which is a header and the body in one structure. T must begin
// with a [fuse.InHeader].
func input[T any](r *client.Request) *T {
	t := new(T)
	b := memory(t)
	h := (*fuse.InHeader)(unsafe.Pointer(t))
	h.Opcode, h.NodeId = uint32(r.Op), r.Node
	h.Uid, h.Gid, h.Pid = r.UID, r.GID, r.PID
	if r.In != nil {
		copy(b[proto.InHeaderSize:], r.In.Raw())
	}
	return t
}

// output is the room for a reply in go-fuse's form, which has the same layout (a test
// checks that).
func output[T any](r *client.Request) *T {
	b := r.Out.Raw()
	if uintptr(len(b)) != unsafe.Sizeof(*new(T)) {
		panic("direct: reply of another size")
	}
	return (*T)(unsafe.Pointer(unsafe.SliceData(b)))
}

func memory[T any](t *T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(t)), unsafe.Sizeof(*t))
}
