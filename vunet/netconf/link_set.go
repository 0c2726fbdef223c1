// SPDX-License-Identifier: Apache-2.0

package netconf

import (
	"bytes"
	"strings"

	"golang.org/x/sys/unix"
)

// LinkChange says what to change of a link. Nil members stay.
type LinkChange struct {
	Flags, Mask uint32 // IFF_*: the bits of Mask are set to those of Flags
	Name        *string
	Alias       *string
	MTU         *uint32
	TxQLen      *uint32
	Group       *uint32
	Addr        []byte
	Broadcast   []byte
	Carrier     *bool
	GenMode     *uint8
	ProtoDown   *bool
}

// changeable are the flags that a user can set (__dev_change_flags).
const changeable = unix.IFF_UP | unix.IFF_DEBUG | unix.IFF_NOTRAILERS | unix.IFF_NOARP |
	unix.IFF_DYNAMIC | unix.IFF_MULTICAST | unix.IFF_PORTSEL | unix.IFF_AUTOMEDIA |
	unix.IFF_PROMISC | unix.IFF_ALLMULTI

// SetLink changes a link as do_setlink (net/core/rtnetlink.c) does. What was
// changed before an error stays changed.
//
// Errors: ENODEV, EINVAL for a value out of range, EEXIST for a name that is
// taken.
func (c *Config) SetLink(index int, ch *LinkChange) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.link(index)
	if l == nil {
		return unix.ENODEV
	}
	before := l.AllFlags()
	touched, err := c.setLinkAttrs(l, ch)
	if err == nil && ch.Mask != 0 {
		var done bool
		done, err = c.setLinkFlags(l, ch.Flags, ch.Mask)
		touched = touched && !done
	}
	if touched {
		c.emitLink(l, before^l.AllFlags())
	}
	return err
}

// setLinkAttrs does everything but the flags.
func (c *Config) setLinkAttrs(l *Link, ch *LinkChange) (touched bool, err error) {
	if ch.Name != nil && *ch.Name != l.Name {
		if err := c.rename(l, *ch.Name); err != nil {
			return touched, err
		}
		touched = true
	}
	if ch.MTU != nil && *ch.MTU != l.MTU {
		if err := c.setMTU(l, *ch.MTU); err != nil {
			return touched, err
		}
		touched = true
	}
	if ch.Addr != nil {
		if err := c.setHardwareAddr(l, ch.Addr); err != nil {
			return touched, err
		}
		touched = true
	}
	if ch.Broadcast != nil {
		if len(ch.Broadcast) < len(l.Addr) {
			return touched, unix.EINVAL
		}
		l.Broadcast = bytes.Clone(ch.Broadcast[:len(l.Addr)])
		touched = true
	}
	touched = set(&l.Alias, ch.Alias) || touched
	touched = set(&l.TxQLen, ch.TxQLen) || touched
	touched = set(&l.Group, ch.Group) || touched
	touched = set(&l.GenMode, ch.GenMode) || touched
	touched = set(&l.ProtoDown, ch.ProtoDown) || touched
	if ch.Carrier != nil {
		return touched, unix.EOPNOTSUPP
	}
	return touched, nil
}

// set assigns *v to *p if v is given, and tells whether that changed it.
func set[T comparable](p *T, v *T) bool {
	if v == nil || *p == *v {
		return false
	}
	*p = *v
	return true
}

// rename gives a link another name (dev_change_name). Links that are up can be
// renamed since Linux 6.4.
func (c *Config) rename(l *Link, name string) error {
	if !validName(name) {
		return unix.EINVAL
	}
	if c.linkByName(name) != nil {
		return unix.EEXIST
	}
	for _, a := range c.addrs {
		if a.Link == l.Index && a.Label != "" {
			a.Label = name + strings.TrimPrefix(a.Label, l.Name)
		}
	}
	l.Name = name
	return nil
}

// validName is dev_valid_name (net/core/dev.c).
func validName(name string) bool {
	return name != "" && len(name) < unix.IFNAMSIZ && name != "." && name != ".." &&
		!strings.ContainsAny(name, "/: \t\n\v\f\r")
}

func (c *Config) setMTU(l *Link, mtu uint32) error {
	switch {
	case mtu > 1<<31-1, mtu < l.MinMTU:
		return fail(unix.EINVAL, "mtu less than device minimum")
	case l.MaxMTU > 0 && mtu > l.MaxMTU:
		return fail(unix.EINVAL, "mtu greater than device maximum")
	}
	if err := c.backend.SetMTU(l.Index, mtu); err != nil {
		return err
	}
	before := l.IPv6()
	l.MTU = mtu
	switch {
	case before && !l.IPv6():
		c.linkDown6(l)
		c.pushRoutes()
	case !before && l.IPv6() && l.Up():
		c.linkUp6(l)
		c.pushRoutes()
	}
	return nil
}

func (c *Config) setHardwareAddr(l *Link, addr []byte) error {
	switch {
	case len(addr) < len(l.Addr):
		return unix.EINVAL
	case l.Loopback():
		return unix.EOPNOTSUPP
	case addr[0]&1 != 0 || bytes.Equal(addr[:6], make([]byte, 6)):
		return unix.EADDRNOTAVAIL
	}
	addr = bytes.Clone(addr[:len(l.Addr)])
	if err := c.backend.SetHardwareAddr(l.Index, addr); err != nil {
		return err
	}
	l.Addr = addr
	return nil
}

// setLinkFlags changes flags. done says that subscribers were told.
func (c *Config) setLinkFlags(l *Link, flags, mask uint32) (done bool, err error) {
	before := l.AllFlags()
	promisc := l.Flags & unix.IFF_PROMISC
	mask &= changeable
	flags = l.Flags&^mask | flags&mask
	up := flags & unix.IFF_UP
	change := up != l.Flags&unix.IFF_UP
	l.Flags = l.Flags&unix.IFF_UP | flags&^unix.IFF_UP
	if flags&unix.IFF_PROMISC != promisc {
		c.promiscuity(l, flags&unix.IFF_PROMISC != 0)
	}
	if change && up != 0 {
		err = c.linkUp(l)
	} else if change {
		err = c.linkDown(l)
	}
	if !change && before != l.AllFlags() {
		c.emitLink(l, before^l.AllFlags())
		return true, err
	}
	return change, err
}

func (c *Config) promiscuity(l *Link, more bool) {
	if more {
		l.Promiscuity++
	} else if l.Promiscuity > 0 {
		l.Promiscuity--
	}
	if l.Promiscuity > 0 {
		l.Flags |= unix.IFF_PROMISC
	} else {
		l.Flags &^= unix.IFF_PROMISC
	}
	c.backend.SetPromiscuous(l.Index, l.Promiscuity > 0)
}

// Promiscuous is what packet sockets ask for with PACKET_MR_PROMISC: each call
// with on set needs one without.
func (c *Config) Promiscuous(index int, on bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.link(index)
	if l == nil {
		return unix.ENODEV
	}
	before := l.AllFlags()
	c.promiscuity(l, on)
	if ch := before ^ l.AllFlags(); ch != 0 {
		c.emitLink(l, ch)
	}
	return nil
}

// DelLink refuses: links of a stack live as long as it does.
//
// Errors: ENODEV; EOPNOTSUPP otherwise, as for any link without link operations.
func (c *Config) DelLink(index int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link(index) == nil {
		return unix.ENODEV
	}
	return unix.EOPNOTSUPP
}
