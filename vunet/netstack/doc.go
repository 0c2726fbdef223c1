// SPDX-License-Identifier: Apache-2.0

// Package netstack is a network stack of one's own: gVisor's TCP/IP with
// interfaces plugged into virtual Ethernets, configured through netlink and ioctls
// as the kernel's is. A [Stack] is an engine.Stack; each socket it makes is an
// engine.Socket.
//
// What gVisor does: IP, ICMP, ARP, NDP, TCP and UDP. What is done here: the link
// layer with its queue (link*.go), packet sockets (packet*.go), and everything by which a
// socket of Linux differs from an endpoint of gVisor (inet*.go, opt*.go, cmsg*.go).
// The configuration is package netconf's, netlink is package rtnl's.
//
// # Concurrency
//
// Lock order: netconf.Config, then Stack.mu, then gVisor's own. gVisor calls back with its locks
// held (duplicate address detection, router advertisements, neighbours); such
// calls only queue an event that a goroutine of the Stack hands to the Config.
package netstack
