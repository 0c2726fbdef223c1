// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"

	"vuos.dev/engine"
)

// recvError takes an error from the queue (MSG_ERRQUEUE, ip(7)): the datagram that caused it, where it
// was going, and struct sock_extended_err with the address of who complained.
func (x *inet) recvError(m *engine.Message) (int, error) {
	e := x.ep().SocketOptions().DequeueErr()
	if e == nil {
		return 0, unix.EAGAIN
	}
	var payload []byte
	if e.Payload != nil {
		payload = e.Payload.AsSlice()
	}
	n := copy(m.Data, payload)
	m.Flags = unix.MSG_ERRQUEUE
	if n < len(payload) {
		m.Flags |= unix.MSG_TRUNC
	}
	m.Addr = sockaddr(x.domain, e.Dst)
	level, typ, fam := unix.SOL_IP, unix.IP_RECVERR, unix.AF_INET
	if e.NetProto == ipv6.ProtocolNumber {
		level, typ, fam = unix.SOL_IPV6, unix.IPV6_RECVERR, unix.AF_INET6
	}
	ee := make([]byte, 16, 16+sizeofInet6)
	binary.NativeEndian.PutUint32(ee, uint32(number(e.Err)))
	ee[4], ee[5], ee[6] = origin(e.Cause.Origin()), e.Cause.Type(), e.Cause.Code()
	binary.NativeEndian.PutUint32(ee[8:], e.Cause.Info())
	if e.Cause.Origin().IsICMPErr() {
		off := e.Offender
		off.Port = 0
		ee = append(ee, sockaddr(fam, off)...)
	} else {
		ee = append(ee, make([]byte, sizeofInet)...)
	}
	m.Control = appendCmsg(m.Control[:0], level, typ, ee)
	return n, nil
}

func origin(o tcpip.SockErrOrigin) uint8 {
	switch o {
	case tcpip.SockExtErrorOriginLocal:
		return unix.SO_EE_ORIGIN_LOCAL
	case tcpip.SockExtErrorOriginICMP:
		return unix.SO_EE_ORIGIN_ICMP
	case tcpip.SockExtErrorOriginICMP6:
		return unix.SO_EE_ORIGIN_ICMP6
	}
	return unix.SO_EE_ORIGIN_NONE
}
