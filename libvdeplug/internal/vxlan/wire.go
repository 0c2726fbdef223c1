// SPDX-License-Identifier: Apache-2.0

// Package vxlan is what the plugins vxlan and vxvde have in common: the header
// of RFC 7348, IP multicast sockets, and a learning overlay upon them.
package vxlan

// HeaderLen is the length of the header in bytes.
const HeaderLen = 8

// flagVNI says that the network identifier is valid (RFC 7348, section 5).
const flagVNI = 0x08

// MaxVNI is the highest virtual network identifier: it has 24 bits.
const MaxVNI = 1<<24 - 1

// Header is a VXLAN header.
type Header [HeaderLen]byte

// NewHeader makes the header of network vni.
func NewHeader(vni uint32) Header {
	return Header{0: flagVNI, 4: byte(vni >> 16), 5: byte(vni >> 8), 6: byte(vni)}
}

// Same tells whether h, as it came in, is of the same network as own. Reserved
// fields are ignored, as the RFC wants it.
func (own Header) Same(h []byte) bool {
	return len(h) >= HeaderLen && h[0]&flagVNI != 0 && h[4] == own[4] && h[5] == own[5] && h[6] == own[6]
}
