// SPDX-License-Identifier: Apache-2.0

package vxlan

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"time"

	"vuos.dev/libvdeplug/plug"
)

// Default values of options, and limits.
const (
	defaultGroup4   = "239.0.0.1"
	defaultGroup6   = "ff05:56de::1"
	defaultVNI      = 1
	defaultTTL      = 1
	defaultHash     = 1024
	maxHash         = 1 << 20
	defaultExpire   = 128 // seconds
	maxReceiveBytes = 1 << 30
)

// Config is an overlay network and how to be part of it.
type Config struct {
	Plugin, Name string // for errors
	Group        netip.AddrPort
	Bind         netip.Addr // where unicast is sent from; zero: anywhere
	Interface    int        // index; 0: the kernel chooses
	TTL          int
	ReceiveBytes int // SO_RCVBUF; 0: as it is
	VNI          uint32
	HashSize     int
	Expire       time.Duration
}

// Parse reads the locator of a vxlan or vxvde network. keys are the options
// that the plugin knows, port its default.
func Parse(ctx context.Context, req *plug.Request, port int, keys ...string) (*Config, error) {
	addr, parms, err := plug.ParseParms(req.Rest, keys...)
	if err != nil {
		return nil, req.Error(addr, "", err)
	}
	c := &Config{Plugin: req.Plugin, Name: addr}
	if err := c.numbers(parms, &port); err != nil {
		return nil, req.Error(addr, "", err)
	}
	gid, err := parms.Group("grp")
	if err != nil {
		return nil, req.Error(addr, "", err)
	}
	if err := c.network(parms, gid); err != nil {
		return nil, req.Error(addr, "", err)
	}
	group, err := groupAddr(ctx, addr, parms)
	if err != nil {
		return nil, req.Error(addr, "", err)
	}
	if gid >= 0 {
		group = withGroupID(group, gid)
	}
	c.Group = netip.AddrPortFrom(group, uint16(port))
	c.Name = c.Group.String()
	if err := c.places(ctx, parms); err != nil {
		return nil, req.Error(addr, "", err)
	}
	return c, nil
}

// numbers reads the options that are plain numbers.
func (c *Config) numbers(p plug.Parms, port *int) (err error) {
	var expire int
	for _, o := range []struct {
		key      string
		val      *int
		def      int
		min, max int
	}{
		{"port", port, *port, 1, math.MaxUint16},
		{"ttl", &c.TTL, defaultTTL, 0, 255},
		{"hashsize", &c.HashSize, defaultHash, 1, maxHash},
		{"expiretime", &expire, defaultExpire, 1, math.MaxInt32},
	} {
		if *o.val, err = p.Int(o.key, o.def, o.min, o.max); err != nil {
			return err
		}
	}
	c.Expire = time.Duration(expire) * time.Second
	c.ReceiveBytes, err = p.Size("rcvbuf", maxReceiveBytes)
	return err
}

// network reads the network identifier, which may be the name of a group, and
// otherwise is the group given as grp, if any.
func (c *Config) network(p plug.Parms, gid int) error {
	vni, err := p.Group("vni")
	switch {
	case err != nil:
		return err
	case vni < 0 && gid >= 0:
		vni = gid
	case vni < 0:
		vni = defaultVNI
	}
	if vni > MaxVNI {
		return fmt.Errorf("network identifier %d: has more than 24 bits", vni)
	}
	c.VNI = uint32(vni)
	return nil
}

// places reads the options that say where in the host we are.
func (c *Config) places(ctx context.Context, p plug.Parms) error {
	name, given := p["if"]
	if !given {
		name = c.Group.Addr().Zone()
	}
	if name != "" {
		ifi, err := net.InterfaceByName(name)
		if op := (*net.OpError)(nil); errors.As(err, &op) {
			err = op.Err // the rest says nothing to a user
		}
		if err != nil {
			return fmt.Errorf("interface %s: %w", name, err)
		}
		c.Interface = ifi.Index
	}
	c.Group = netip.AddrPortFrom(c.Group.Addr().WithZone(""), c.Group.Port())
	if bind, given := p["bind"]; given {
		addr, err := lookup(ctx, bind, c.Group.Addr().Is6(), c.Group.Addr().Is4())
		if err != nil {
			return fmt.Errorf("option bind=%s: %w", bind, err)
		}
		c.Bind = addr
	}
	return nil
}
