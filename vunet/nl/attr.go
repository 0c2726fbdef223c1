// SPDX-License-Identifier: Apache-2.0

package nl

import (
	"bytes"
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"
)

// Attr is an attribute of a request.
type Attr struct {
	Type   int // without NLA_F_*
	Nested bool
	Value  []byte
	Offset int // of the attribute in the message, for extended acknowledgements
}

// Attrs are the attributes of a request by type: the last one of each counts.
type Attrs map[int]Attr

const typeMask = ^(unix.NLA_F_NESTED | unix.NLA_F_NET_BYTEORDER) & 0xffff

// ParseAttrs parses attributes. base is the offset of b in the message. rest tells how
// many bytes at the end are no attribute: strict checking refuses them.
func ParseAttrs(b []byte, base int) (attrs Attrs, rest int) {
	attrs = Attrs{}
	for _, a := range ListAttrs(b, base) {
		attrs[a.Type] = a
		rest = a.Offset - base + align4(4+len(a.Value))
	}
	return attrs, max(len(b)-rest, 0)
}

// ListAttrs parses attributes in order.
func ListAttrs(b []byte, base int) []Attr {
	var out []Attr
	for off := 0; off+4 <= len(b); {
		n := int(binary.NativeEndian.Uint16(b[off:]))
		if n < 4 || off+n > len(b) {
			break
		}
		typ := int(binary.NativeEndian.Uint16(b[off+2:]))
		out = append(out, Attr{
			Type: typ & typeMask, Nested: typ&unix.NLA_F_NESTED != 0, Value: b[off+4 : off+n], Offset: base + off,
		})
		off += align4(n)
	}
	return out
}

// Has tells whether there is an attribute.
func (a Attrs) Has(typ int) bool {
	_, ok := a[typ]
	return ok
}

// U32 reads a number; ok is false if it is not there or too short.
func (a Attrs) U32(typ int) (v uint32, ok bool) {
	if x := a[typ].Value; len(x) >= 4 {
		return binary.NativeEndian.Uint32(x), true
	}
	return 0, false
}

// U16 reads a number.
func (a Attrs) U16(typ int) (v uint16, ok bool) {
	if x := a[typ].Value; len(x) >= 2 {
		return binary.NativeEndian.Uint16(x), true
	}
	return 0, false
}

// U8 reads a number.
func (a Attrs) U8(typ int) (v uint8, ok bool) {
	if x := a[typ].Value; len(x) >= 1 {
		return x[0], true
	}
	return 0, false
}

// String reads a string, up to its terminating zero.
func (a Attrs) String(typ int) (string, bool) {
	x, ok := a[typ]
	if !ok {
		return "", false
	}
	s, _, _ := bytes.Cut(x.Value, []byte{0})
	return string(s), true
}

// IP reads an address of a family: invalid if it is not there or of the wrong
// length.
func (a Attrs) IP(typ int, family uint8) netip.Addr {
	x := a[typ].Value
	if family == unix.AF_INET && len(x) >= 4 {
		return netip.AddrFrom4([4]byte(x))
	}
	if family == unix.AF_INET6 && len(x) >= 16 {
		return netip.AddrFrom16([16]byte(x))
	}
	return netip.Addr{}
}
