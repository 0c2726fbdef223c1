// SPDX-License-Identifier: Apache-2.0

package setup

import (
	"fmt"
	"net/netip"
	"sync"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vunet"
	"vuos.dev/vunet/dhcp"
	"vuos.dev/vunet/netconf"
	"vuos.dev/vunet/netstack"
)

// Open plugs into the network that a locator names.
type Open func(vnl string) (netstack.Wire, error)

// Mount makes the stack of a mount request from its options.
func Mount(c engine.Call, h engine.Host, r *engine.MountRequest, o *Options, open Open) (engine.FileSystem, error) {
	c.Block()
	cr := c.Cred()
	logf := func(format string, a ...any) { h.Logf(engine.LogErr, "%s: "+format, append([]any{r.Type}, a...)...) }
	so := netstack.Options{UID: cr.EUID, GID: cr.EGID, Logf: logf}
	for _, n := range o.Interfaces {
		w, err := open(n.VNL)
		if err != nil {
			for _, i := range so.Interfaces {
				_ = i.Wire.Close() // already failing
			}
			return nil, describe(r, n.VNL, err)
		}
		so.Interfaces = append(so.Interfaces, netstack.Interface{Name: n.Name, Wire: w, MAC: n.MAC, MTU: n.MTU})
	}
	s, err := netstack.New(so)
	if err != nil {
		return nil, describe(r, "", err)
	}
	m := &mount{stack: s, host: h, stop: make(chan struct{})}
	if err := m.configure(o); err != nil {
		m.end()
		return nil, describe(r, "", err)
	}
	return vunet.NewFileSystem(s, r.Data, m.end), nil
}

func describe(r *engine.MountRequest, vnl string, err error) error {
	no, known := engine.Errno(err)
	if !known {
		no = unix.EINVAL
	}
	at := r.Type
	if vnl != "" {
		at += ": " + vnl
	}
	return &engine.MountError{Err: no, Message: fmt.Sprintf("%s: %v", at, err)}
}

// mount is a stack and what keeps it configured.
type mount struct {
	stack *netstack.Stack
	host  engine.Host
	stop  chan struct{}
	done  sync.WaitGroup
}

// end closes everything.
func (m *mount) end() {
	close(m.stop)
	m.done.Wait()
	m.stack.Close()
}

// configure applies the options to the new stack. Interfaces without any stay
// down.
func (m *mount) configure(o *Options) error {
	any := false
	for i := range o.Interfaces {
		n := &o.Interfaces[i]
		if len(n.Addrs) == 0 && len(n.Gateways) == 0 && !n.DHCP && !n.RD {
			continue
		}
		any = true
		if err := m.bringUp(i+2, n); err != nil {
			return err
		}
	}
	if any {
		return m.stack.Config().SetLink(1, &netconf.LinkChange{Flags: unix.IFF_UP, Mask: unix.IFF_UP})
	}
	return nil
}

func (m *mount) bringUp(index int, n *Interface) error {
	conf := m.stack.Config()
	if err := conf.SetLink(index, &netconf.LinkChange{Flags: unix.IFF_UP, Mask: unix.IFF_UP}); err != nil {
		return err
	}
	link := conf.Link(index)
	for _, p := range n.Addrs {
		if err := conf.AddAddr(&netconf.Addr{Link: index, Local: p.Addr(), Bits: p.Bits(), Label: link.Name}, true, false); err != nil {
			return fmt.Errorf("ip=%v: %w", p, err)
		}
	}
	for _, gw := range n.Gateways {
		if err := conf.AddRoute(defaultRoute(index, gw), unix.NLM_F_CREATE|unix.NLM_F_EXCL); err != nil {
			return fmt.Errorf("gw=%v: %w", gw, err)
		}
	}
	if !n.DHCP {
		return nil
	}
	cl, err := dhcp.New(m.stack, index)
	if err != nil {
		return fmt.Errorf("dhcp: %w", err)
	}
	m.done.Go(func() {
		cl.Run(m.stop, func(format string, a ...any) {
			m.host.Logf(engine.LogInfo, "%s: dhcp: %s", link.Name, fmt.Sprintf(format, a...))
		})
	})
	return nil
}

func defaultRoute(index int, gw netip.Addr) *netconf.Route {
	r := &netconf.Route{
		Family: unix.AF_INET, Table: unix.RT_TABLE_MAIN, Dst: netip.PrefixFrom(netip.IPv4Unspecified(), 0),
		Type: unix.RTN_UNICAST, Proto: unix.RTPROT_BOOT, Hops: []netconf.NextHop{{Link: index, Gateway: gw}},
	}
	if gw.Is6() {
		r.Family, r.Dst = unix.AF_INET6, netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	return r
}
