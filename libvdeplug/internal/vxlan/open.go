// SPDX-License-Identifier: Apache-2.0

package vxlan

import (
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"

	"vuos.dev/libvdeplug/plug"
)

// OpenVXVDE joins a vxvde network. Its members each have a socket of their own
// to send from, whose port the others learn, besides one that shares the
// group's port with all members on the host: any number of them can be there.
func OpenVXVDE(cfg *Config) (*Conn, error) {
	bind := cfg.Bind
	if !bind.IsValid() {
		bind = cfg.any()
	}
	reuse := option{"SO_REUSEADDR", intOption(unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)}
	multi, err := cfg.socket(cfg.scoped(), append([]option{reuse}, cfg.joinOptions()...))
	if err != nil {
		return nil, cfg.fail(err)
	}
	opts := append(cfg.sendOptions(1), cfg.receiveOptions()...)
	if cfg.Group.Addr().Is4() {
		opts = append(opts, option{"IP_TTL", intOption(unix.IPPROTO_IP, unix.IP_TTL, max(cfg.TTL, 1))})
	}
	uni, err := cfg.socket(netip.AddrPortFrom(bind, 0), opts)
	if err != nil {
		unix.Close(multi)
		return nil, cfg.fail(err)
	}
	port, err := localPort(uni)
	if err != nil {
		unix.Close(multi)
		unix.Close(uni)
		return nil, cfg.fail(err)
	}
	c, err := newConn(cfg, multi, uni)
	if err != nil {
		return nil, cfg.fail(err)
	}
	var self selfTest
	c.goodbye = true
	c.from = func(src netip.AddrPort) (netip.AddrPort, bool) {
		return src, src.Port() != port || !self.isLocal(src.Addr())
	}
	return c, nil
}

// OpenVXLAN joins a VXLAN network as RFC 7348 has it: everything goes to one
// port, so there can be only one member on a host.
func OpenVXLAN(cfg *Config) (*Conn, error) {
	opts := append(cfg.sendOptions(0), cfg.joinOptions()...)
	fd, err := cfg.socket(netip.AddrPortFrom(cfg.any(), cfg.Group.Port()), append(opts, cfg.receiveOptions()...))
	if err != nil {
		return nil, cfg.fail(err)
	}
	c, err := newConn(cfg, fd)
	if err != nil {
		return nil, cfg.fail(err)
	}
	c.from = func(src netip.AddrPort) (netip.AddrPort, bool) {
		return netip.AddrPortFrom(src.Addr(), cfg.Group.Port()), true
	}
	return c, nil
}

// scoped returns the group with the interface by number, where its address is
// valid only on one link.
func (c *Config) scoped() netip.AddrPort {
	a := c.Group.Addr()
	if c.Interface > 0 && (a.IsLinkLocalMulticast() || a.IsInterfaceLocalMulticast()) && a.Is6() {
		a = a.WithZone(strconv.Itoa(c.Interface))
	}
	return netip.AddrPortFrom(a, c.Group.Port())
}

func (c *Config) fail(err error) error {
	return &plug.OpError{Plugin: c.Plugin, Addr: c.Name, Err: err}
}
