// SPDX-License-Identifier: Apache-2.0

// Package netconf is the configuration of one network stack as the kernel keeps
// it: links, addresses, routes, rules and neighbours, with everything that the kernel does by
// itself when one of them changes (prefix and local routes, link-local
// addresses, what a link takes with it when it goes down).
//
// It is the one truth behind rtnetlink, the SIOC ioctls, /proc/net and the
// stack's own forwarding. The machinery that moves packets is a [Backend]; the
// configuration tells it what to do and never asks it what it did, except for
// neighbours, which only the backend knows.
//
// # Concurrency
//
// All methods of [Config] may be called from any goroutine; one mutex (the
// kernel's rtnl_mutex) serializes them. The backend and the subscribers are
// called with it held and must not call back. What the backend learns by itself
// (duplicate addresses, router advertisements) it reports through the methods
// in learn.go, from a goroutine that holds none of its own locks.
package netconf
