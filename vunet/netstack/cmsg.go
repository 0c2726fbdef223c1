// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"
	"time"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
)

// cmsgHeader is the length of struct cmsghdr.
const cmsgHeader = 16

// align is CMSG_ALIGN.
func align(n int) int { return (n + 7) &^ 7 }

// appendCmsg appends a control message.
func appendCmsg(b []byte, level, typ int, data []byte) []byte {
	var h [cmsgHeader]byte
	binary.NativeEndian.PutUint64(h[:], uint64(cmsgHeader+len(data)))
	binary.NativeEndian.PutUint32(h[8:], uint32(level))
	binary.NativeEndian.PutUint32(h[12:], uint32(typ))
	b = append(b, h[:]...)
	b = append(b, data...)
	return append(b, make([]byte, align(len(data))-len(data))...)
}

func appendInt32(b []byte, level, typ int, v int32) []byte {
	return appendCmsg(b, level, typ, binary.NativeEndian.AppendUint32(nil, uint32(v)))
}

// eachCmsg calls f for each control message of a sendmsg. EINVAL for a malformed
// one.
func eachCmsg(b []byte, f func(level, typ int, data []byte) error) error {
	for len(b) >= cmsgHeader {
		n := binary.NativeEndian.Uint64(b)
		if n < cmsgHeader || n > uint64(len(b)) {
			return unix.EINVAL
		}
		level, typ := int(int32(binary.NativeEndian.Uint32(b[8:]))), int(int32(binary.NativeEndian.Uint32(b[12:])))
		if err := f(level, typ, b[cmsgHeader:n]); err != nil {
			return err
		}
		b = b[min(align(int(n)), len(b)):]
	}
	return nil
}

// parseControl decodes what a datagram is to be sent with. nic is the interface
// that IP_PKTINFO asks for, or 0.
func (x *inet) parseControl(b []byte, cm *tcpip.SendableControlMessages) (nic tcpip.NICID, err error) {
	err = eachCmsg(b, func(level, typ int, data []byte) error {
		switch {
		case level == unix.SOL_IP && typ == unix.IP_PKTINFO:
			if len(data) < unix.SizeofInet4Pktinfo {
				return unix.EINVAL
			}
			nic = tcpip.NICID(binary.NativeEndian.Uint32(data))
		case level == unix.SOL_IP && typ == unix.IP_TTL:
			v, err := int32Of(data)
			if err != nil || v < 1 || v > 255 {
				return unix.EINVAL
			}
			cm.HasTTL, cm.TTL = true, uint8(v)
		case level == unix.SOL_IPV6 && typ == unix.IPV6_HOPLIMIT:
			v, err := int32Of(data)
			if err != nil || v < -1 || v > 255 {
				return unix.EINVAL
			}
			cm.HasHopLimit, cm.HopLimit = v >= 0, uint8(max(v, 0))
		case level == unix.SOL_IPV6 && typ == unix.IPV6_PKTINFO:
			if len(data) < unix.SizeofInet6Pktinfo {
				return unix.EINVAL
			}
			cm.HasIPv6PacketInfo = true
			cm.IPv6PacketInfo.NIC = tcpip.NICID(binary.NativeEndian.Uint32(data[16:]))
			if a := [16]byte(data); a != [16]byte{} {
				cm.IPv6PacketInfo.Addr = tcpip.AddrFrom16(a)
			}
		case level == unix.SOL_IP && (typ == unix.IP_TOS || typ == unix.IP_RETOPTS),
			level == unix.SOL_IPV6 && typ == unix.IPV6_TCLASS, level == unix.SOL_UDP, level == unix.SOL_SOCKET:
		case level == unix.SOL_IP || level == unix.SOL_IPV6:
			return unix.EINVAL
		}
		return nil
	})
	return nic, err
}

// stampMode says which receive time stamps are wanted (SO_TIMESTAMP and its kin).
type stampMode struct {
	micro, nano bool
	new         bool // the 64 bit forms, which are the same on amd64 but for their number
	flags       int32
}

// appendStamp appends the time stamp control messages.
func (m stampMode) appendStamp(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	var v [16]byte
	binary.NativeEndian.PutUint64(v[:], uint64(t.Unix()))
	switch {
	case m.nano:
		binary.NativeEndian.PutUint64(v[8:], uint64(t.Nanosecond()))
		b = appendCmsg(b, unix.SOL_SOCKET, pick(m.new, unix.SO_TIMESTAMPNS_NEW, unix.SO_TIMESTAMPNS_OLD), v[:])
	case m.micro:
		binary.NativeEndian.PutUint64(v[8:], uint64(t.Nanosecond()/1000))
		b = appendCmsg(b, unix.SOL_SOCKET, pick(m.new, unix.SO_TIMESTAMP_NEW, unix.SO_TIMESTAMP_OLD), v[:])
	}
	if m.flags&unix.SOF_TIMESTAMPING_SOFTWARE != 0 && m.flags&unix.SOF_TIMESTAMPING_RX_SOFTWARE != 0 {
		var three [48]byte
		binary.NativeEndian.PutUint64(three[:], uint64(t.Unix()))
		binary.NativeEndian.PutUint64(three[8:], uint64(t.Nanosecond()))
		b = appendCmsg(b, unix.SOL_SOCKET, unix.SO_TIMESTAMPING, three[:])
	}
	return b
}

func pick(cond bool, a, b int) int {
	if cond {
		return a
	}
	return b
}

// control encodes what came with a datagram, in the order of the kernel.
func (x *inet) control(b []byte, cm *tcpip.ReceivableControlMessages, mode stampMode) []byte {
	b = mode.appendStamp(b, cm.Timestamp)
	if cm.HasIPPacketInfo {
		var v [unix.SizeofInet4Pktinfo]byte
		binary.NativeEndian.PutUint32(v[:], uint32(cm.PacketInfo.NIC))
		copy(v[4:8], cm.PacketInfo.LocalAddr.AsSlice())
		copy(v[8:12], cm.PacketInfo.DestinationAddr.AsSlice())
		b = appendCmsg(b, unix.SOL_IP, unix.IP_PKTINFO, v[:])
	}
	if cm.HasTTL {
		b = appendInt32(b, unix.SOL_IP, unix.IP_TTL, int32(cm.TTL))
	}
	if cm.HasTOS {
		b = appendCmsg(b, unix.SOL_IP, unix.IP_TOS, []byte{cm.TOS})
	}
	if cm.HasIPv6PacketInfo {
		var v [unix.SizeofInet6Pktinfo]byte
		copy(v[:16], cm.IPv6PacketInfo.Addr.AsSlice())
		binary.NativeEndian.PutUint32(v[16:], uint32(cm.IPv6PacketInfo.NIC))
		b = appendCmsg(b, unix.SOL_IPV6, unix.IPV6_PKTINFO, v[:])
	}
	if cm.HasHopLimit {
		b = appendInt32(b, unix.SOL_IPV6, unix.IPV6_HOPLIMIT, int32(cm.HopLimit))
	}
	if cm.HasTClass {
		b = appendInt32(b, unix.SOL_IPV6, unix.IPV6_TCLASS, int32(cm.TClass))
	}
	if cm.HasOriginalDstAddress {
		level, typ := unix.SOL_IP, unix.IP_RECVORIGDSTADDR
		if x.domain == unix.AF_INET6 {
			level, typ = unix.SOL_IPV6, unix.IPV6_RECVORIGDSTADDR
		}
		b = appendCmsg(b, level, typ, sockaddr(x.domain, cm.OriginalDstAddress))
	}
	return b
}
