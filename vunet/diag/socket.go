// SPDX-License-Identifier: Apache-2.0

// Package diag shows the sockets of a stack: as sock_diag(7), which ss asks, and
// as the structures that procnet prints.
package diag

import "net/netip"

// Socket is what can be told of one socket.
type Socket struct {
	Family   uint8
	Type     uint8
	Protocol uint8
	State    uint8 // TCP_*; 7 (CLOSE) for what has no states
	Local    netip.AddrPort
	Remote   netip.AddrPort
	Link     int // bound to it; 0: none
	UID      uint32
	Inode    uint64
	Mark     uint32

	RecvQueue, SendQueue uint32 // bytes; of a listener: connections waiting, backlog
	RecvBuffer           uint32 // bytes
	SendBuffer           uint32
	Drops                uint32
	Shutdown             uint8
	V6Only               bool
	TClass, TOS          uint8

	TCPInfo    []byte // struct tcp_info, or nil
	Congestion string
	PacketType uint16 // EtherType of a packet socket
	NetlinkPID uint32
	Groups     []byte // netlink: bit mask of multicast groups

	Abort func() // resets the socket, which fails with ECONNABORTED then; nil if it cannot be
}

// Lister knows the sockets of a stack.
type Lister interface {
	Sockets() []Socket
}
