// SPDX-License-Identifier: Apache-2.0

package netconf

import (
	"bytes"

	"golang.org/x/sys/unix"
)

// Link is a network interface (struct net_device).
type Link struct {
	Index  int
	Name   string
	Alias  string
	Type   uint16 // ARPHRD_*
	Flags  uint32 // IFF_* as configured, without what State derives
	MTU    uint32 // bytes
	MinMTU uint32
	MaxMTU uint32 // 0: no limit
	TxQLen uint32
	Group  uint32
	Qdisc  string
	UpDisc string // the queueing discipline it gets when it comes up

	Addr      []byte // hardware address
	Broadcast []byte
	PermAddr  []byte // the address it was made with; empty if there is none

	Carrier     bool   // the other end of the wire is there
	CarrierUp   uint32 // how often carrier came
	CarrierDown uint32

	Promiscuity uint32 // how many want every frame
	AllMulti    uint32
	GenMode     uint8 // GenMode*
	ProtoDown   bool

	V4, V6 FamilyConfig
}

// FamilyConfig is what a link has for one address family (struct in_device and
// inet6_dev).
type FamilyConfig struct {
	Forwarding bool
	Disabled   bool // net.ipv6.conf.*.disable_ipv6
	AcceptRA   bool
	Autoconf   bool
}

// Up tells whether the link is administratively up.
func (l *Link) Up() bool { return l.Flags&unix.IFF_UP != 0 }

// Loopback tells whether it is the loopback interface.
func (l *Link) Loopback() bool { return l.Flags&unix.IFF_LOOPBACK != 0 }

// Running tells whether packets can pass: up and with carrier.
func (l *Link) Running() bool { return l.Up() && l.Carrier }

// minMTU6 is the least MTU with which a link has IPv6, in bytes (IPV6_MIN_MTU).
const minMTU6 = 1280

// IPv6 tells whether the link has IPv6.
func (l *Link) IPv6() bool { return !l.V6.Disabled && l.MTU >= minMTU6 }

// AllFlags are the flags as dev_get_flags (net/core/dev.c) shows them.
func (l *Link) AllFlags() uint32 {
	f := l.Flags &^ (unix.IFF_RUNNING | unix.IFF_LOWER_UP | unix.IFF_DORMANT)
	if l.Running() {
		f |= unix.IFF_RUNNING | unix.IFF_LOWER_UP
	}
	return f
}

// Ways to make IPv6 link-local addresses (IFLA_INET6_ADDR_GEN_MODE,
// linux/if_link.h).
const (
	GenModeEUI64         = 0
	GenModeNone          = 1
	GenModeStablePrivacy = 2
	GenModeRandom        = 3
)

// Operational states (RFC 2863), as in IFLA_OPERSTATE.
const (
	OperUnknown = 0
	OperDown    = 2
	OperUp      = 6
)

// OperState is the state that `ip link` prints.
func (l *Link) OperState() uint8 {
	switch {
	case !l.Up(), !l.Carrier:
		return OperDown
	case l.Loopback():
		return OperUnknown
	}
	return OperUp
}

// clone returns a copy that shares nothing.
func (l *Link) clone() *Link {
	c := *l
	c.Addr = bytes.Clone(l.Addr)
	c.Broadcast = bytes.Clone(l.Broadcast)
	c.PermAddr = bytes.Clone(l.PermAddr)
	return &c
}

// LinkStats are the counters of a link (struct rtnl_link_stats64).
type LinkStats struct {
	RxPackets, TxPackets uint64
	RxBytes, TxBytes     uint64
	RxErrors, TxErrors   uint64
	RxDropped, TxDropped uint64
	Multicast            uint64
	RxLength, RxFrame    uint64
	RxNoHandler          uint64
	TxCarrier            uint64
}
