// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"net/netip"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"

	"vuos.dev/engine"
)

// unprivilegedPorts start here (net.ipv4.ip_unprivileged_port_start).
const unprivilegedPorts = 1024

// Bind implements engine.Socket.
func (x *inet) Bind(c engine.Call, b []byte) error {
	fam, err := familyOf(b)
	if err != nil {
		return err
	}
	if x.domain == unix.AF_INET && fam == unix.AF_UNSPEC && len(b) >= sizeofInet && [4]byte(b[4:8]) == [4]byte{} {
		fam = unix.AF_INET
		b = append([]byte{unix.AF_INET, 0}, b[2:]...)
	}
	if fam != x.domain {
		if x.domain == unix.AF_INET6 && len(b) < sizeofInet6Old {
			return unix.EINVAL
		}
		return unix.EAFNOSUPPORT
	}
	a, err := parseInet(b)
	if err != nil {
		return err
	}
	if a.ip.Is6() && a.ip.IsLinkLocalUnicast() && a.scope == 0 && x.ep().SocketOptions().GetBindToDevice() == 0 {
		return unix.EINVAL
	}
	privileged := a.port != 0 && a.port < unprivilegedPorts
	if privileged && x.typ != unix.SOCK_RAW && !x.s.capable(c, unix.CAP_NET_BIND_SERVICE) {
		return unix.EACCES
	}
	to := a.full()
	terr := x.ep().Bind(to)
	if _, ok := terr.(*tcpip.ErrNoPortAvailable); ok {
		return unix.EADDRINUSE
	}
	if terr == nil {
		x.keepName(to)
		if a.ip.Is6() && !a.ip.IsUnspecified() { // net/ipv6/af_inet6.c:__inet6_bind()
			x.ep().SocketOptions().SetV6Only(true)
		}
	}
	return errno(terr)
}

// target turns an address that packets are sent to into gVisor's form: the
// unspecified address is this host, a link-local one needs its interface, and
// routes that reject packets do.
func (x *inet) target(a inetAddr) (tcpip.FullAddress, error) {
	if a.ip.Is4() && x.domain == unix.AF_INET6 && x.ep().SocketOptions().GetV6Only() {
		return tcpip.FullAddress{}, unix.ENETUNREACH
	}
	if a.ip.IsUnspecified() {
		a.ip = x.self(a.ip.Is4())
	}
	dev := x.ep().SocketOptions().GetBindToDevice()
	if a.ip.Is6() && a.ip.IsLinkLocalUnicast() && a.scope == 0 {
		if dev == 0 {
			return tcpip.FullAddress{}, unix.EINVAL
		}
		a.scope = uint32(dev)
	}
	if err := x.s.conf.Rejects(a.ip.Unmap()); err != nil {
		return tcpip.FullAddress{}, err
	}
	f := a.full()
	if x.domain == unix.AF_INET6 && a.ip.Is4() {
		f.Addr = toAddress(netip.AddrFrom16(a.ip.As16()))
	}
	return f, nil
}

// self is what connecting to the unspecified address means: the bound address or
// loopback.
func (x *inet) self(v4 bool) netip.Addr {
	if l, err := x.ep().GetLocalAddress(); err == nil && l.Addr.Len() > 0 {
		return fromAddress(l.Addr)
	}
	if v4 {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return netip.IPv6Loopback()
}

// destination decodes the address of connect and sendto for this socket.
func (x *inet) destination(b []byte) (tcpip.FullAddress, error) {
	fam, err := familyOf(b)
	if err != nil {
		return tcpip.FullAddress{}, err
	}
	if fam == unix.AF_UNSPEC && x.domain == unix.AF_INET && len(b) >= sizeofInet {
		b = append([]byte{unix.AF_INET, 0}, b[2:]...)
	} else if fam != x.domain && !(fam == unix.AF_INET && x.domain == unix.AF_INET6) {
		return tcpip.FullAddress{}, unix.EAFNOSUPPORT
	}
	a, err := parseInet(b)
	if err != nil {
		return tcpip.FullAddress{}, err
	}
	return x.target(a)
}

// Connect implements engine.Socket. After EINPROGRESS a second call tells the
// result: EALREADY, nil once, or the error.
func (x *inet) Connect(c engine.Call, b []byte) error {
	fam, err := familyOf(b)
	if err != nil {
		return err
	}
	if fam == unix.AF_UNSPEC {
		return x.disconnect()
	}
	to, err := x.destination(b)
	if err != nil {
		return err
	}
	if x.stream() {
		return x.connectStream(c, to)
	}
	terr := x.ep().Connect(to)
	if _, ok := terr.(*tcpip.ErrNoPortAvailable); ok {
		return unix.EAGAIN
	}
	return errno(terr)
}

func (x *inet) disconnect() error {
	err := x.ep().Disconnect()
	if _, ok := err.(*tcpip.ErrNotSupported); ok {
		return unix.EAFNOSUPPORT
	}
	return errno(err)
}
