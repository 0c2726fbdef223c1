// SPDX-License-Identifier: Apache-2.0

package node

import (
	"encoding/binary"
	"time"

	"vuos.dev/libvdeplug/internal/mactable"
)

// forward hands a frame that came from src on to whom it is for.
func (n *node) forward(src member, frame []byte, now time.Time) {
	switch n.kind {
	case switchNode:
		n.bridge(src, frame, now)
	case hubNode:
		n.flood(src, frame)
	case multiNode:
		if src != member(n.host) {
			n.host.deliver(frame)
			return
		}
		n.flood(src, frame)
	case bondingNode:
		if src != member(n.host) {
			n.host.deliver(frame)
			return
		}
		if ports := *n.ports.Load(); len(ports) > 0 {
			ports[int(n.turn.Add(1)%uint32(len(ports)))].deliver(frame)
		}
	}
}

// bridge learns where the sender is, and forwards to where the receiver was
// last seen, or to everybody. The tables of different VLANs are separate
// (IEEE 802.1Q, independent learning); tags are left alone.
func (n *node) bridge(src member, frame []byte, now time.Time) {
	dstMAC, srcMAC, vlan := frame[0:6], frame[6:12], vlanOf(frame)
	if !mactable.IsGroup(srcMAC) {
		n.table.Learn(mactable.KeyOf(srcMAC, vlan), src, now)
	}
	if !mactable.IsGroup(dstMAC) {
		if dst, ok := n.table.Find(mactable.KeyOf(dstMAC, vlan), now); ok {
			if dst != src {
				dst.deliver(frame)
			}
			return
		}
	}
	n.flood(src, frame)
}

// flood hands a frame to everybody but its sender.
func (n *node) flood(src member, frame []byte) {
	for _, p := range *n.ports.Load() {
		if src != member(p) {
			p.deliver(frame)
		}
	}
	if src != member(n.host) {
		n.host.deliver(frame)
	}
}

const (
	etherTypeVLAN = 0x8100 // 802.1Q
	vlanMask      = 0x0fff // the VLAN number in a tag
)

// vlanOf returns the VLAN that a frame is tagged with, 0 for none.
func vlanOf(frame []byte) uint16 {
	if len(frame) < 18 || binary.BigEndian.Uint16(frame[12:]) != etherTypeVLAN {
		return 0
	}
	return binary.BigEndian.Uint16(frame[14:]) & vlanMask
}
