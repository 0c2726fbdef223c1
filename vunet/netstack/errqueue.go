// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"

	"vuos.dev/engine"
)

// maxErrors is how many errors a socket keeps that nobody has received. The kernel charges them to the receive buffer.
const maxErrors = 256

// errorState is the error state of a datagram socket: sk_err and sk_error_queue.
type errorState struct {
	mu    sync.Mutex // taken last: an error may come while the socket sends
	soft  unix.Errno // what the next call returns
	queue []queuedError
}

// queuedError is an error as MSG_ERRQUEUE delivers it.
type queuedError struct {
	data    []byte // of the packet that caused it
	addr    []byte // where that was going
	control []byte
	icmp    unix.Errno // of an error by ICMP
}

// hear takes notice of an ICMP error (net/ipv4/udp.c:__udp4_lib_err(), ping_err() and raw_err()).
func (x *inet) hear(e *icmpError) {
	so := x.ep().SocketOptions()
	want := so.GetIPv4RecvError()
	if e.family == unix.AF_INET6 {
		want = so.GetIPv6RecvError()
	}
	_, terr := x.ep().GetRemoteAddress()
	connected := terr == nil
	if !want && !(e.hard && connected) {
		return
	}
	x.errs.mu.Lock()
	if want && len(x.errs.queue) < maxErrors {
		x.errs.queue = append(x.errs.queue, x.icmpQueued(e))
	}
	if refused := connected && e.errno == unix.ECONNREFUSED && x.typ == unix.SOCK_DGRAM && x.protocol == unix.IPPROTO_UDP; !refused {
		x.errs.soft = e.errno // of that one gVisor tells
	}
	x.errs.mu.Unlock()
	x.NotifyEvent(0)
}

// icmpQueued makes what MSG_ERRQUEUE shows of an ICMP error.
func (x *inet) icmpQueued(e *icmpError) queuedError {
	at, port := e.data, uint16(0)
	switch {
	case x.typ == unix.SOCK_RAW:
		if x.ep().SocketOptions().GetHeaderIncluded() {
			at = 0
		}
	case x.protocol == unix.IPPROTO_UDP:
		at += udpHeaderLen
		port = e.dst.Port()
	}
	origin := uint8(unix.SO_EE_ORIGIN_ICMP)
	if e.family == unix.AF_INET6 {
		origin = unix.SO_EE_ORIGIN_ICMP6
	}
	ee := extendedErr(e.errno, origin, e.typ, e.code, e.info)
	ee = append(ee, sockaddr(int(e.family), tcpip.FullAddress{Addr: toAddress(e.offender)})...)
	return queuedError{
		data:    slices.Clone(e.packet[min(at, len(e.packet)):]),
		addr:    sockaddr(x.domain, tcpip.FullAddress{Addr: toAddress(e.dst.Addr()), Port: port}),
		control: recvErr(e.family, ee),
		icmp:    e.errno,
	}
}

// extendedErr is struct sock_extended_err.
func extendedErr(errno unix.Errno, origin, typ, code uint8, info uint32) []byte {
	b := make([]byte, 16, 16+sizeofInet6)
	binary.NativeEndian.PutUint32(b, uint32(errno))
	b[4], b[5], b[6] = origin, typ, code
	binary.NativeEndian.PutUint32(b[8:], info)
	return b
}

// recvErr is the control message that carries it.
func recvErr(family uint8, ee []byte) []byte {
	if family == unix.AF_INET6 {
		return appendCmsg(nil, unix.SOL_IPV6, unix.IPV6_RECVERR, ee)
	}
	return appendCmsg(nil, unix.SOL_IP, unix.IP_RECVERR, ee)
}

// collect takes over the errors that gVisor has queued: those that arose here. Of ICMP's hear has told.
func (x *inet) collect() {
	so := x.ep().SocketOptions()
	for e := so.DequeueErr(); e != nil; e = so.DequeueErr() {
		if e.Cause.Origin().IsICMPErr() {
			continue
		}
		q := queuedError{addr: sockaddr(x.domain, e.Dst)}
		if e.Payload != nil {
			q.data = e.Payload.ToSlice()
		}
		family := uint8(unix.AF_INET)
		if e.NetProto == ipv6.ProtocolNumber {
			family = unix.AF_INET6
		}
		ee := extendedErr(number(e.Err), unix.SO_EE_ORIGIN_LOCAL, e.Cause.Type(), e.Cause.Code(), e.Cause.Info())
		q.control = recvErr(family, append(ee, make([]byte, sizeofInet)...))
		x.errs.mu.Lock()
		x.errs.queue = append(x.errs.queue, q)
		x.errs.mu.Unlock()
	}
}

// failing tells whether an error waits, in either way.
func (x *inet) failing() bool {
	x.collect()
	x.errs.mu.Lock()
	defer x.errs.mu.Unlock()
	return x.errs.soft != 0 || len(x.errs.queue) > 0
}

// softError returns the error that the next call is to fail with, once, or nil.
func (x *inet) softError() error {
	x.errs.mu.Lock()
	defer x.errs.mu.Unlock()
	if e := x.errs.soft; e != 0 {
		x.errs.soft = 0
		return e
	}
	return nil
}

// recvError takes an error from the queue (MSG_ERRQUEUE): the datagram that caused it, where it was going, and struct
// sock_extended_err with the address of who complained.
func (x *inet) recvError(m *engine.Message) (int, error) {
	x.collect()
	x.errs.mu.Lock()
	defer x.errs.mu.Unlock()
	if len(x.errs.queue) == 0 {
		return 0, unix.EAGAIN
	}
	e := x.errs.queue[0]
	x.errs.queue = slices.Delete(x.errs.queue, 0, 1)
	if e.icmp != 0 { // net/core/skbuff.c:sock_dequeue_err_skb()
		_ = x.ep().SocketOptions().GetLastError()
		x.errs.soft = 0
	}
	if len(x.errs.queue) > 0 && x.errs.queue[0].icmp != 0 {
		x.errs.soft = x.errs.queue[0].icmp
	}
	n := copy(m.Data, e.data)
	m.Flags = unix.MSG_ERRQUEUE
	if n < len(e.data) {
		m.Flags |= unix.MSG_TRUNC
	}
	m.Addr, m.Control = e.addr, e.control
	return n, nil
}
