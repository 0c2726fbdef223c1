// SPDX-License-Identifier: Apache-2.0

// Package dhcp configures an interface of a stack by DHCP (RFC 2131): address,
// default route, and renewal as long as the stack lives.
package dhcp

import (
	"context"
	"net"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/dhcpv4/nclient4"
	"golang.org/x/sys/unix"

	"vuos.dev/vunet/netconf"
	"vuos.dev/vunet/netstack"
)

// Times of the client.
const (
	tryTimeout = 5 * time.Second
	tries      = 3
	pause      = 10 * time.Second // before the next attempt after a failure
	shortest   = 10 * time.Second // between renewals, whatever the server says
)

// Client configures one interface.
type Client struct {
	stack  *netstack.Stack
	index  int
	mac    net.HardwareAddr
	frames *netstack.FrameSocket
	held   netip.Prefix
	router netip.Addr
}

// New makes the client of an interface, which must be up.
func New(s *netstack.Stack, index int) (*Client, error) {
	l := s.Config().Link(index)
	if l == nil {
		return nil, unix.ENODEV
	}
	return &Client{stack: s, index: index, mac: l.Addr, frames: s.Frames(index, unix.ETH_P_IP)}, nil
}

// Run keeps the interface configured until stop is closed; then the lease is
// given back as far as the stack is concerned, not to the server.
func (c *Client) Run(stop <-chan struct{}, logf func(string, ...any)) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	cl, err := nclient4.NewWithConn(newConn(c.frames, c.mac), c.mac,
		nclient4.WithTimeout(tryTimeout), nclient4.WithRetry(tries))
	if err != nil {
		logf("%v", err)
		return
	}
	defer cl.Close()
	for ctx.Err() == nil {
		wait := pause
		lease, err := cl.Request(ctx)
		if err == nil {
			wait, err = c.apply(lease.ACK)
		}
		if err != nil && ctx.Err() == nil {
			logf("%v", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// apply sets address and route, and returns when to ask again: half of the lease
// time.
func (c *Client) apply(ack *dhcpv4.DHCPv4) (time.Duration, error) {
	ip, ok := netip.AddrFromSlice(ack.YourIPAddr.To4())
	if !ok {
		return pause, unix.EADDRNOTAVAIL
	}
	bits := 32
	if m := ack.SubnetMask(); m != nil {
		bits, _ = m.Size()
	}
	p := netip.PrefixFrom(ip, bits)
	conf := c.stack.Config()
	if c.held.IsValid() && c.held != p {
		_ = conf.DelAddr(c.index, c.held.Addr(), netip.Addr{}, c.held.Bits(), "") // may be gone
		c.router = netip.Addr{}
	}
	lease := ack.IPAddressLeaseTime(time.Hour)
	until := time.Now().Add(lease)
	a := &netconf.Addr{Link: c.index, Local: ip, Bits: bits, Preferred: until, Valid: until}
	if l := conf.Link(c.index); l != nil {
		a.Label = l.Name
	}
	if b := ack.BroadcastAddress(); b != nil {
		a.Broadcast, _ = netip.AddrFromSlice(b.To4())
	}
	if err := conf.AddAddr(a, false, true); err != nil {
		return pause, err
	}
	c.held = p
	if err := c.route(ack); err != nil {
		return pause, err
	}
	return max(lease/2, shortest), nil
}

func (c *Client) route(ack *dhcpv4.DHCPv4) error {
	routers := ack.Router()
	if len(routers) == 0 {
		return nil
	}
	gw, ok := netip.AddrFromSlice(routers[0].To4())
	if !ok || gw == c.router {
		return nil
	}
	c.router = gw
	return c.stack.Config().AddRoute(&netconf.Route{
		Family: unix.AF_INET, Table: unix.RT_TABLE_MAIN, Dst: netip.PrefixFrom(netip.IPv4Unspecified(), 0),
		Type: unix.RTN_UNICAST, Proto: unix.RTPROT_DHCP, PrefSrc: c.held.Addr(),
		Hops: []netconf.NextHop{{Link: c.index, Gateway: gw}},
	}, unix.NLM_F_CREATE|unix.NLM_F_REPLACE)
}
