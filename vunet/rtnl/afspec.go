// SPDX-License-Identifier: Apache-2.0

package rtnl

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"vuos.dev/vunet/netconf"
	"vuos.dev/vunet/nl"
)

// Indices of IPV4_DEVCONF_* (linux/ip.h, less one) and DEVCONF_* (linux/ipv6.h)
// that this stack has, and the lengths of the arrays.
const (
	conf4Forwarding      = 0
	conf4McForwarding    = 1
	conf4AcceptRedirects = 3
	conf4SecureRedirects = 4
	conf4SendRedirects   = 5
	conf4SharedMedia     = 6
	conf4RPFilter        = 7
	conf4Len             = 33

	conf6Forwarding   = 0
	conf6HopLimit     = 1
	conf6MTU          = 2
	conf6AcceptRA     = 3
	conf6Redirects    = 4
	conf6Autoconf     = 5
	conf6DADTransmits = 6
	conf6Solicits     = 7
	conf6SolicitIntv  = 8
	conf6SolicitDelay = 9
	conf6DefRtr       = 17
	conf6PInfo        = 18
	conf6Disable      = 26
	conf6Len          = 60
)

// IF_RS_SENT and IF_READY (net/if_inet6.h).
const (
	inet6RSSent = 0x10
	inet6Ready  = 0x80000000
)

// fillAFSpec appends IFLA_AF_SPEC: what the address families have for a link.
func fillAFSpec(m *nl.Builder, l *netconf.Link) {
	m.Nest(unix.IFLA_AF_SPEC, func(m *nl.Builder) {
		m.Nest(unix.AF_INET, func(m *nl.Builder) {
			m.Bytes(unix.IFLA_INET_CONF, words(conf4(l)))
		})
		m.Nest(unix.AF_INET6, func(m *nl.Builder) {
			flags := uint32(0)
			if l.Up() {
				flags |= inet6Ready
			}
			if l.Up() && !l.Loopback() {
				flags |= inet6RSSent
			}
			m.U32(unix.IFLA_INET6_FLAGS, flags)
			m.Bytes(unix.IFLA_INET6_CACHEINFO, words([]uint32{65535, 0, 30000, 1000}))
			m.Bytes(unix.IFLA_INET6_CONF, words(conf6(l)))
			m.Bytes(unix.IFLA_INET6_TOKEN, make([]byte, 16))
			m.U8(unix.IFLA_INET6_ADDR_GEN_MODE, l.GenMode)
		})
	})
}

func conf4(l *netconf.Link) []uint32 {
	c := make([]uint32, conf4Len)
	c[conf4Forwarding] = uint32(truth(l.V4.Forwarding))
	c[conf4AcceptRedirects] = 1
	c[conf4SecureRedirects] = 1
	c[conf4SendRedirects] = 1
	c[conf4SharedMedia] = 1
	return c
}

func conf6(l *netconf.Link) []uint32 {
	c := make([]uint32, conf6Len)
	c[conf6Forwarding] = uint32(truth(l.V6.Forwarding))
	c[conf6HopLimit] = 64
	c[conf6MTU] = l.MTU
	c[conf6AcceptRA] = uint32(truth(l.V6.AcceptRA))
	c[conf6Redirects] = 1
	c[conf6Autoconf] = uint32(truth(l.V6.Autoconf))
	c[conf6DADTransmits] = 1
	c[conf6Solicits] = ^uint32(0)
	c[conf6SolicitIntv] = 4000
	c[conf6SolicitDelay] = 1000
	c[conf6DefRtr] = 1
	c[conf6PInfo] = 1
	c[conf6Disable] = uint32(truth(l.V6.Disabled))
	return c
}

func words(v []uint32) []byte {
	var b []byte
	for _, w := range v {
		b = binary.NativeEndian.AppendUint32(b, w)
	}
	return b
}
