// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

const (
	sizeMsghdr  = 56
	sizeMmsghdr = 64       // struct msghdr and the count, padded
	maxControl  = 64 << 10 // more room for control data than anybody can fill
)

// msghdr is a struct msghdr in the guest's memory.
type msghdr struct {
	addr uint64
	raw  [sizeMsghdr]byte
}

// msghdr reads the one at addr.
func (c *call) msghdr(addr uint64) (*msghdr, error) {
	h := &msghdr{addr: addr}
	_, err := c.mem().ReadAt(h.raw[:], addr)
	return h, err
}

func (h *msghdr) word(at int) uint64 { return binary.NativeEndian.Uint64(h.raw[at:]) }

func (h *msghdr) name() uint64       { return h.word(0) }
func (h *msghdr) nameLen() int32     { return int32(binary.NativeEndian.Uint32(h.raw[8:])) }
func (h *msghdr) iov() uint64        { return h.word(16) }
func (h *msghdr) iovLen() uint64     { return h.word(24) }
func (h *msghdr) control() uint64    { return h.word(32) }
func (h *msghdr) controlLen() uint64 { return h.word(40) }

func (h *msghdr) setName(addr uint64, size int) {
	binary.NativeEndian.PutUint64(h.raw[0:], addr)
	binary.NativeEndian.PutUint32(h.raw[8:], uint32(size))
}

// hasControl tells whether there is room for control data.
func (h *msghdr) hasControl() bool { return h.control() != 0 && h.controlLen() != 0 }

// fill writes the sender's address and control data where the guest wants them, and their lengths and
// the flags of the message behind that (net/socket.c:____sys_recvmsg()).
func (h *msghdr) fill(c *call, name, control []byte, flags int) error {
	if h.name() != 0 {
		if _, err := c.mem().WriteAt(name[:min(len(name), max(0, int(h.nameLen())))], h.name()); err != nil {
			return err
		}
		binary.NativeEndian.PutUint32(h.raw[8:], uint32(len(name)))
	}
	if len(control) > 0 {
		if _, err := c.mem().WriteAt(control, h.control()); err != nil {
			return err
		}
	}
	binary.NativeEndian.PutUint64(h.raw[40:], uint64(len(control)))
	binary.NativeEndian.PutUint32(h.raw[48:], uint32(flags))
	_, err := c.mem().WriteAt(h.raw[:], h.addr)
	return err
}

// senderName is the address of a sender as the guest sees it: one bound to a virtual path has that path.
func (c *call) senderName(sa unix.Sockaddr) []byte {
	un, isUnix := sa.(*unix.SockaddrUnix)
	if !isUnix || un.Name == "" {
		return nil
	}
	name := un.Name
	if virtual, found := c.s.sockets.nameOf(name); found {
		name = virtual
	}
	b := binary.NativeEndian.AppendUint16(nil, unix.AF_UNIX)
	if name[0] == '@' { // an abstract one, as package unix shows it
		return append(append(b, 0), name[1:]...)
	}
	return append(append(b, name...), 0)
}
