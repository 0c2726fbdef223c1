// SPDX-License-Identifier: Apache-2.0

// Package nl is the wire format of netlink (netlink(7), linux/netlink.h): headers,
// attributes and the messages that acknowledge, all in the byte order of the machine.
package nl

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// HeaderLen is the length in bytes of struct nlmsghdr.
const HeaderLen = unix.SizeofNlMsghdr

// Header is struct nlmsghdr.
type Header struct {
	Type  uint16
	Flags uint16 // NLM_F_*
	Seq   uint32
	PID   uint32
}

// Message is a request: a header and what follows it.
type Message struct {
	Header
	Body []byte
}

func align4(n int) int { return (n + 3) &^ 3 }

// Next splits the first message off b. ok is false if b does not begin with a
// whole message, which ends the processing of a buffer (netlink_rcv_skb).
func Next(b []byte) (m Message, rest []byte, ok bool) {
	if len(b) < HeaderLen {
		return m, nil, false
	}
	n := int(binary.NativeEndian.Uint32(b))
	if n < HeaderLen || n > len(b) {
		return m, nil, false
	}
	m.Header = Header{
		Type: binary.NativeEndian.Uint16(b[4:]), Flags: binary.NativeEndian.Uint16(b[6:]),
		Seq: binary.NativeEndian.Uint32(b[8:]), PID: binary.NativeEndian.Uint32(b[12:]),
	}
	m.Body = b[HeaderLen:n]
	return m, b[min(align4(n), len(b)):], true
}

// Builder makes one message. The zero value is not useful; use New.
type Builder struct{ b []byte }

// New starts a message.
func New(h Header) *Builder {
	b := make([]byte, HeaderLen, 256)
	binary.NativeEndian.PutUint16(b[4:], h.Type)
	binary.NativeEndian.PutUint16(b[6:], h.Flags)
	binary.NativeEndian.PutUint32(b[8:], h.Seq)
	binary.NativeEndian.PutUint32(b[12:], h.PID)
	return &Builder{b}
}

// Raw appends the fixed part of a message.
func (m *Builder) Raw(p []byte) *Builder {
	m.b = append(m.b, p...)
	m.pad()
	return m
}

func (m *Builder) pad() {
	for len(m.b)%4 != 0 {
		m.b = append(m.b, 0)
	}
}

// Bytes appends an attribute.
func (m *Builder) Bytes(typ int, v []byte) *Builder {
	m.b = binary.NativeEndian.AppendUint16(m.b, uint16(4+len(v)))
	m.b = binary.NativeEndian.AppendUint16(m.b, uint16(typ))
	m.b = append(m.b, v...)
	m.pad()
	return m
}

// String appends a string attribute with its terminating zero.
func (m *Builder) String(typ int, s string) *Builder {
	return m.Bytes(typ, append([]byte(s), 0))
}

// U8, U16, U32 and U64 append numbers.
func (m *Builder) U8(typ int, v uint8) *Builder { return m.Bytes(typ, []byte{v}) }

// U16 appends a number.
func (m *Builder) U16(typ int, v uint16) *Builder {
	return m.Bytes(typ, binary.NativeEndian.AppendUint16(nil, v))
}

// U32 appends a number.
func (m *Builder) U32(typ int, v uint32) *Builder {
	return m.Bytes(typ, binary.NativeEndian.AppendUint32(nil, v))
}

// U64 appends a number.
func (m *Builder) U64(typ int, v uint64) *Builder {
	return m.Bytes(typ, binary.NativeEndian.AppendUint64(nil, v))
}

// Nest appends an attribute that holds the attributes which f appends.
func (m *Builder) Nest(typ int, f func(*Builder)) *Builder {
	at := len(m.b)
	m.b = append(m.b, 0, 0, 0, 0)
	f(m)
	binary.NativeEndian.PutUint16(m.b[at:], uint16(len(m.b)-at))
	binary.NativeEndian.PutUint16(m.b[at+2:], uint16(typ))
	return m
}

// Data appends bytes as they are, padded: struct rtnexthop and the like.
func (m *Builder) Data(p []byte) *Builder { return m.Raw(p) }

// Len is the length so far in bytes.
func (m *Builder) Len() int { return len(m.b) }

// Patch16 changes a number written before.
func (m *Builder) Patch16(at int, v uint16) { binary.NativeEndian.PutUint16(m.b[at:], v) }

// End finishes the message.
func (m *Builder) End() []byte {
	binary.NativeEndian.PutUint32(m.b, uint32(len(m.b)))
	return m.b
}
