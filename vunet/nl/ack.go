// SPDX-License-Identifier: Apache-2.0

package nl

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// Flags of acknowledgements and dumps that x/sys/unix lacks (linux/netlink.h).
const (
	FlagCapped  = 0x100
	FlagAckTLVs = 0x200
)

// Types of attributes of extended acknowledgements (enum nlmsgerr_attrs).
const (
	attrMsg  = 1
	attrOffs = 2
)

// Error is an error with what an extended acknowledgement tells of it.
type Error struct {
	Errno   unix.Errno
	Message string
	Offset  int // of the attribute at fault in the request; 0: none
}

func (e *Error) Error() string {
	if e.Message == "" {
		return e.Errno.Error()
	}
	return e.Message
}

// Unwrap returns the number.
func (e *Error) Unwrap() error { return e.Errno }

// AckMode says how a socket wants its acknowledgements (NETLINK_CAP_ACK,
// NETLINK_EXT_ACK).
type AckMode struct{ Cap, Ext bool }

// Ack makes the acknowledgement of a request (netlink_ack): NLMSG_ERROR with the
// error, or 0.
func Ack(m *Message, pid uint32, e *Error, mode AckMode) []byte {
	h := Header{Type: unix.NLMSG_ERROR, Seq: m.Seq, PID: pid}
	errno := uint32(0)
	if e != nil {
		errno = uint32(-int32(e.Errno))
	}
	whole := e != nil && !mode.Cap
	if !whole {
		h.Flags |= FlagCapped
	}
	ext := mode.Ext && e != nil && (e.Message != "" || e.Offset != 0)
	if ext {
		h.Flags |= FlagAckTLVs
	}
	b := New(h)
	body := binary.NativeEndian.AppendUint32(nil, errno)
	body = appendHeader(body, m)
	if whole {
		body = append(body, m.Body...)
	}
	b.Raw(body)
	if ext {
		e.fill(b)
	}
	return b.End()
}

func appendHeader(b []byte, m *Message) []byte {
	b = binary.NativeEndian.AppendUint32(b, uint32(HeaderLen+len(m.Body)))
	b = binary.NativeEndian.AppendUint16(b, m.Type)
	b = binary.NativeEndian.AppendUint16(b, m.Flags)
	b = binary.NativeEndian.AppendUint32(b, m.Seq)
	return binary.NativeEndian.AppendUint32(b, m.PID)
}

// Done makes the message that ends a dump (netlink_dump_done): with the error that
// ended it early, or nil.
func Done(m *Message, pid uint32, e *Error, mode AckMode) []byte {
	h := Header{Type: unix.NLMSG_DONE, Flags: unix.NLM_F_MULTI, Seq: m.Seq, PID: pid}
	errno := uint32(0)
	if e != nil {
		errno = uint32(-int32(e.Errno))
	}
	ext := mode.Ext && e != nil && (e.Message != "" || e.Offset != 0)
	if ext {
		h.Flags |= FlagAckTLVs
	}
	b := New(h).Raw(binary.NativeEndian.AppendUint32(nil, errno))
	if ext {
		e.fill(b)
	}
	return b.End()
}

// fill appends the attributes of an extended acknowledgement.
func (e *Error) fill(b *Builder) {
	if e.Message != "" {
		b.String(attrMsg, e.Message)
	}
	if e.Offset != 0 {
		b.U32(attrOffs, uint32(e.Offset))
	}
}
