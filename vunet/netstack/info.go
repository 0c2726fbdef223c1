// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"

	"vuos.dev/vunet/diag"
)

// Sockets implements diag.Lister: the open sockets, and connections that no socket
// has any more (or none yet).
func (s *Stack) Sockets() []diag.Socket {
	var out []diag.Socket
	open := map[tcpip.Endpoint]bool{}
	for _, r := range s.records() {
		if x, ok := r.(*inet); ok {
			open[x.ep()] = true
		}
		out = append(out, r.info())
	}
	seen := map[stack.TransportEndpoint]bool{}
	for _, list := range [][]stack.TransportEndpoint{s.ip.RegisteredEndpoints(), s.ip.CleanupEndpoints()} {
		for _, te := range list {
			ep, ok := te.(*tcp.Endpoint)
			if !ok || open[ep] || seen[te] {
				continue
			}
			seen[te] = true
			out = append(out, orphan(ep))
		}
	}
	slices.SortFunc(out, func(a, b diag.Socket) int { return int(a.Inode) - int(b.Inode) })
	return out
}

// orphan describes a connection without a socket: closed and not yet over, or not yet
// accepted.
func orphan(ep *tcp.Endpoint) diag.Socket {
	d := diag.Socket{Family: unix.AF_INET, Type: unix.SOCK_STREAM, Protocol: unix.IPPROTO_TCP, State: tcpState(ep.State()), Abort: ep.Abort}
	addresses(&d, ep)
	return d
}

func addrPort(f tcpip.FullAddress, fam uint8) netip.AddrPort {
	ip := fromAddress(f.Addr)
	if !ip.IsValid() {
		ip = netip.IPv4Unspecified()
		if fam == unix.AF_INET6 {
			ip = netip.IPv6Unspecified()
		}
	}
	return netip.AddrPortFrom(ip, f.Port)
}

// addresses fills in where a socket is and goes to; one of IPv6 that talks IPv4
// shows mapped addresses.
func addresses(d *diag.Socket, ep tcpip.Endpoint) {
	l, lerr := ep.GetLocalAddress()
	r, rerr := ep.GetRemoteAddress()
	if lerr != nil {
		l = tcpip.FullAddress{}
	}
	if rerr != nil {
		r = tcpip.FullAddress{}
	}
	if l.Addr.Len() == 16 || r.Addr.Len() == 16 {
		d.Family = unix.AF_INET6
	}
	d.Local, d.Remote = addrPort(l, d.Family), addrPort(r, d.Family)
	if d.Family == unix.AF_INET6 {
		d.Local = mapped(d.Local)
		d.Remote = mapped(d.Remote)
	}
}

func mapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16(a.Addr().As16()), a.Port())
}

func (x *inet) info() diag.Socket {
	so := x.ep().SocketOptions()
	d := diag.Socket{
		Family: uint8(x.domain), Type: uint8(x.typ), Protocol: uint8(x.protocol), State: diag.Close,
		Inode: x.Inode(), UID: x.uid, Link: int(so.GetBindToDevice()), Mark: so.GetMark(),
		RecvBuffer: uint32(so.GetReceiveBufferSize()), SendBuffer: uint32(so.GetSendBufferSize()),
		V6Only: so.GetV6Only(), Abort: x.abort,
	}
	addresses(&d, x.ep())
	d.Family = uint8(x.domain)
	if x.domain == unix.AF_INET6 {
		d.Local, d.Remote = mapped(d.Local), mapped(d.Remote)
	}
	if q, err := x.ep().GetSockOptInt(tcpip.ReceiveQueueSizeOption); err == nil {
		d.RecvQueue = uint32(q)
	}
	if x.typ == unix.SOCK_RAW {
		d.Local = netip.AddrPortFrom(d.Local.Addr(), uint16(x.protocol))
		d.Remote = netip.AddrPortFrom(d.Remote.Addr(), 0)
	}
	if !x.stream() {
		if d.Remote.Port() != 0 {
			d.State = diag.Established
		}
		return d
	}
	d.State = tcpState(x.ep().State())
	if d.SendQueue = x.unsent(); d.State == diag.Listen {
		d.SendQueue = uint32(x.backlog.Load())
	}
	d.TCPInfo = x.tcpInfo()
	var cc tcpip.CongestionControlOption
	if x.ep().GetSockOpt(&cc) == nil {
		d.Congestion = string(cc)
	}
	return d
}
