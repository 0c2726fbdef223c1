// SPDX-License-Identifier: Apache-2.0

// Package rtnl is the rtnetlink face of a network configuration (rtnetlink(7)): requests
// are answered, and changes told to the multicast groups, as the kernel does it
// (net/core/rtnetlink.c, net/ipv4/devinet.c and fib_frontend.c, net/ipv6/addrconf.c and
// route.c, net/core/neighbour.c and fib_rules.c).
package rtnl

import (
	"golang.org/x/sys/unix"

	"vuos.dev/vunet/netconf"
	"vuos.dev/vunet/nl"
	"vuos.dev/vunet/nlsock"
)

// Server answers the requests of NETLINK_ROUTE for one stack.
type Server struct {
	conf *netconf.Config
	hub  *nlsock.Hub
}

// New makes the server for a configuration. Its sockets come from Hub.
func New(conf *netconf.Config) *Server {
	s := &Server{conf: conf}
	s.hub = nlsock.NewHub(unix.NETLINK_ROUTE, s)
	conf.Subscribe(s.notify)
	return s
}

// Hub is where sockets of NETLINK_ROUTE are made.
func (s *Server) Hub() *nlsock.Hub { return s.hub }

// Groups implements nlsock.Handler: RTNLGRP_MAX.
func (*Server) Groups() int { return 36 }

// handler does one request type.
type handler func(*Server, *nlsock.Request) error

// kinds are the handlers of a request type.
type kinds struct {
	do   handler
	dump handler
}

// handlers by request type. A type without a dump handler refuses NLM_F_DUMP.
var handlers = map[uint16]kinds{
	unix.RTM_GETLINK: {(*Server).getLink, (*Server).dumpLinks},
	unix.RTM_NEWLINK: {do: (*Server).newLink},
	unix.RTM_SETLINK: {do: (*Server).setLink},
	unix.RTM_DELLINK: {do: (*Server).delLink},

	unix.RTM_GETADDR: {(*Server).getAddr, (*Server).dumpAddrs},
	unix.RTM_NEWADDR: {do: (*Server).newAddr},
	unix.RTM_DELADDR: {do: (*Server).delAddr},

	unix.RTM_GETROUTE: {(*Server).getRoute, (*Server).dumpRoutes},
	unix.RTM_NEWROUTE: {do: (*Server).newRoute},
	unix.RTM_DELROUTE: {do: (*Server).delRoute},

	unix.RTM_GETNEIGH: {(*Server).getNeigh, (*Server).dumpNeighs},
	unix.RTM_NEWNEIGH: {do: (*Server).newNeigh},
	unix.RTM_DELNEIGH: {do: (*Server).delNeigh},

	unix.RTM_GETRULE: {dump: (*Server).dumpRules},
	unix.RTM_NEWRULE: {do: (*Server).newRule},
	unix.RTM_DELRULE: {do: (*Server).delRule},

	unix.RTM_GETQDISC:     {dump: (*Server).dumpQdiscs},
	unix.RTM_GETTCLASS:    {dump: nothing},
	unix.RTM_GETTFILTER:   {dump: nothing},
	unix.RTM_GETADDRLABEL: {dump: nothing},
	unix.RTM_GETNEXTHOP:   {dump: nothing},
	unix.RTM_GETNSID:      {dump: nothing},
	unix.RTM_GETNETCONF:   {dump: (*Server).dumpNetconf},
}

// nothing is a dump of a table that is empty.
func nothing(*Server, *nlsock.Request) error { return nil }

// Request implements nlsock.Handler (rtnetlink_rcv_msg).
func (s *Server) Request(r *nlsock.Request) (dumping bool, err error) {
	const kindGet = 2 // the two low bits of a type: new, del, get, set
	if r.Type > unix.RTM_MAX {
		return false, unix.EOPNOTSUPP
	}
	if len(r.Body) < 1 {
		return false, nil
	}
	if r.Type&3 != kindGet && !r.Admin {
		return false, unix.EPERM
	}
	k, ok := handlers[r.Type]
	if !ok {
		return false, unix.EOPNOTSUPP
	}
	if r.Type&3 == kindGet && r.Flags&unix.NLM_F_DUMP != 0 {
		if k.dump == nil {
			return false, unix.EOPNOTSUPP
		}
		return true, k.dump(s, r)
	}
	if k.do == nil {
		return false, unix.EOPNOTSUPP
	}
	return false, k.do(s, r)
}

// fail makes an error with a message.
func fail(errno unix.Errno, message string) error {
	return &nl.Error{Errno: errno, Message: message}
}

// failAt is fail with the attribute at fault.
func failAt(errno unix.Errno, message string, a nl.Attr) error {
	return &nl.Error{Errno: errno, Message: message, Offset: a.Offset}
}

// parse splits a request into its fixed part of n bytes and its attributes.
//
// Errors: EINVAL if it is too short, or if strict is set, it only asks and bytes are left over; ERANGE if an attribute is too short.
func parse(r *nlsock.Request, n int) (hdr []byte, attrs nl.Attrs, err error) {
	if len(r.Body) < n {
		return nil, nil, unix.EINVAL
	}
	aligned := min((n+3)&^3, len(r.Body))
	attrs, rest := nl.ParseAttrs(r.Body[aligned:], nl.HeaderLen+aligned)
	if r.Strict && rest > 0 && isGet(r) {
		return nil, nil, fail(unix.EINVAL, "bytes leftover after parsing attributes.")
	}
	return r.Body[:n], attrs, policyOf(r).check(attrs)
}
