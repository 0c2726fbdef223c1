// SPDX-License-Identifier: Apache-2.0

// Package setup makes a stack from the options of a mount: where its interfaces are
// plugged in, and how they are configured (the option language of libioth).
//
//	vxvde://,ip=10.0.0.1/24,gw=10.0.0.254,vde:///tmp/sw,dhcp
package setup

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Interface is one interface and its configuration. Options stand behind the
// locator of the interface that they are about; before the first one they are
// about the first.
type Interface struct {
	VNL      string
	Name     string
	Addrs    []netip.Prefix
	Gateways []netip.Addr
	MAC      net.HardwareAddr
	MTU      uint32 // bytes; 0: as usual
	DHCP     bool
	RD       bool // router discovery: bring the interface up and let IPv6 configure itself
}

// Options are all options of a stack.
type Options struct {
	Interfaces []Interface
	DNS        []netip.Addr
}

// fail makes an error that names the option at fault.
func fail(item, why string) error {
	return &engine.MountError{Err: unix.EINVAL, Message: fmt.Sprintf("option %q: %s", item, why)}
}

// Parse reads options: items separated by commas outside of braces and brackets.
//
// Errors: an *engine.MountError with EINVAL that names the item.
func Parse(s string) (*Options, error) {
	o := &Options{}
	cur := &Interface{}
	for _, item := range split(s) {
		if item == "" {
			continue
		}
		if isVNL(item) {
			if cur.VNL != "" {
				o.Interfaces = append(o.Interfaces, *cur)
				cur = &Interface{}
			}
			cur.VNL = item
			continue
		}
		if err := o.apply(cur, item); err != nil {
			return nil, err
		}
	}
	if cur.VNL != "" || !cur.empty() {
		o.Interfaces = append(o.Interfaces, *cur)
	}
	return o, nil
}

func (n *Interface) empty() bool {
	return n.Name == "" && len(n.Addrs) == 0 && len(n.Gateways) == 0 && n.MAC == nil && n.MTU == 0 && !n.DHCP && !n.RD
}

// isVNL tells whether an item is a locator: a plugin's or a path.
func isVNL(item string) bool {
	return strings.Contains(item, "://") || strings.HasPrefix(item, "/")
}

// split splits at commas that are not within braces or brackets.
func split(s string) []string {
	var out []string
	depth, from := 0, 0
	for i, r := range s {
		switch r {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case ',':
			if depth <= 0 {
				out = append(out, s[from:i])
				from = i + 1
			}
		}
	}
	return append(out, s[from:])
}

// apply reads one option.
func (o *Options) apply(n *Interface, item string) error {
	key, val, _ := strings.Cut(item, "=")
	switch key {
	case "ip":
		p, err := netip.ParsePrefix(val)
		if err != nil {
			return fail(item, "not an address with its prefix length")
		}
		n.Addrs = append(n.Addrs, p)
	case "gw":
		a, err := netip.ParseAddr(val)
		if err != nil {
			return fail(item, "not an address")
		}
		n.Gateways = append(n.Gateways, a)
	case "dns":
		a, err := netip.ParseAddr(val)
		if err != nil {
			return fail(item, "not an address")
		}
		o.DNS = append(o.DNS, a)
	case "mac":
		m, err := net.ParseMAC(val)
		if err != nil || len(m) != 6 || m[0]&1 != 0 {
			return fail(item, "not the MAC address of an interface")
		}
		n.MAC = m
	case "mtu":
		v, err := strconv.ParseUint(val, 10, 16)
		if err != nil || v < 68 {
			return fail(item, "not an MTU")
		}
		n.MTU = uint32(v)
	case "ifname", "iface":
		if val == "" || len(val) >= unix.IFNAMSIZ || strings.ContainsAny(val, "/: \t\n") {
			return fail(item, "not the name of an interface")
		}
		n.Name = val
	case "dhcp", "rd":
		if val != "" {
			return fail(item, "takes no value")
		}
		n.DHCP, n.RD = n.DHCP || key == "dhcp", n.RD || key == "rd"
	case "auto":
		n.DHCP, n.RD = true, true
	default:
		return fail(item, "unknown")
	}
	return nil
}
