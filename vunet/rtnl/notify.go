// SPDX-License-Identifier: Apache-2.0

package rtnl

import (
	"golang.org/x/sys/unix"

	"vuos.dev/vunet/netconf"
	"vuos.dev/vunet/nl"
)

// notify tells the multicast groups of a change (rtnetlink(7), `ip monitor`). It is
// called with the configuration locked.
func (s *Server) notify(e netconf.Event) {
	switch {
	case e.Link != nil:
		s.tell(unix.RTNLGRP_LINK, func() []byte {
			typ := pick(e.Deleted, unix.RTM_DELLINK, unix.RTM_NEWLINK)
			return fillLink(nl.Header{Type: typ}, e.Link, netconf.LinkStats{}, e.Changed, 0)
		})
	case e.Addr != nil:
		group := byFamily(e.Addr.Family(), unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV6_IFADDR)
		s.tell(group, func() []byte {
			return fillAddr(nl.Header{Type: pick(e.Deleted, unix.RTM_DELADDR, unix.RTM_NEWADDR)}, e.Addr)
		})
	case e.Route != nil:
		group := byFamily(e.Route.Family, unix.RTNLGRP_IPV4_ROUTE, unix.RTNLGRP_IPV6_ROUTE)
		s.tell(group, func() []byte {
			h := nl.Header{Type: pick(e.Deleted, unix.RTM_DELROUTE, unix.RTM_NEWROUTE)}
			if e.Replaced {
				h.Flags = unix.NLM_F_REPLACE
			}
			return fillRoute(h, e.Route)
		})
	case e.Rule != nil:
		group := byFamily(e.Rule.Family, unix.RTNLGRP_IPV4_RULE, unix.RTNLGRP_IPV6_RULE)
		s.tell(group, func() []byte {
			return fillRule(nl.Header{Type: pick(e.Deleted, unix.RTM_DELRULE, unix.RTM_NEWRULE)}, e.Rule)
		})
	case e.Neigh != nil:
		s.tell(unix.RTNLGRP_NEIGH, func() []byte {
			return fillNeigh(nl.Header{Type: pick(e.Deleted, unix.RTM_DELNEIGH, unix.RTM_NEWNEIGH)}, e.Neigh)
		})
	}
}

// tell sends a message to a group, made only if somebody listens.
func (s *Server) tell(group int, message func() []byte) {
	if s.hub.Listening(group) {
		s.hub.Multicast(group, message())
	}
}

func pick(cond bool, a, b uint16) uint16 {
	if cond {
		return a
	}
	return b
}

func byFamily(fam uint8, four, six int) int {
	if fam == unix.AF_INET {
		return four
	}
	return six
}
