// SPDX-License-Identifier: Apache-2.0

package rtnl

import (
	"golang.org/x/sys/unix"

	"vuos.dev/vunet/nl"
	"vuos.dev/vunet/nlsock"
)

// policy is how many bytes attributes have at least, by type (struct nla_policy; lib/nlattr.c:validate_nla()).
type policy map[int]int

// Policies by kind of object: ifla_policy (net/core/rtnetlink.c), ifa_ipv4_policy (net/ipv4/devinet.c), rtm_ipv4_policy
// (net/ipv4/fib_frontend.c) and fib_rule_policy (net/core/fib_rules.c).
var (
	linkPolicy = policy{
		unix.IFLA_MTU: 4, unix.IFLA_LINK: 4, unix.IFLA_MASTER: 4, unix.IFLA_CARRIER: 1, unix.IFLA_TXQLEN: 4, unix.IFLA_WEIGHT: 4,
		unix.IFLA_OPERSTATE: 1, unix.IFLA_LINKMODE: 1, unix.IFLA_NET_NS_PID: 4, unix.IFLA_NET_NS_FD: 4, unix.IFLA_EXT_MASK: 4,
		unix.IFLA_PROMISCUITY: 4, unix.IFLA_NUM_TX_QUEUES: 4, unix.IFLA_NUM_RX_QUEUES: 4, unix.IFLA_GROUP: 4, unix.IFLA_PROTO_DOWN: 1,
		unix.IFLA_TARGET_NETNSID: 4, unix.IFLA_MIN_MTU: 4, unix.IFLA_MAX_MTU: 4,
	}
	addrPolicy4 = policy{
		unix.IFA_LOCAL: 4, unix.IFA_ADDRESS: 4, unix.IFA_BROADCAST: 4, unix.IFA_FLAGS: 4, unix.IFA_RT_PRIORITY: 4,
		unix.IFA_CACHEINFO: 16, unix.IFA_TARGET_NETNSID: 4, ifaProto: 1,
	}
	routePolicy4 = policy{
		unix.RTA_DST: 4, unix.RTA_SRC: 4, unix.RTA_IIF: 4, unix.RTA_OIF: 4, unix.RTA_GATEWAY: 4, unix.RTA_PRIORITY: 4, unix.RTA_PREFSRC: 4,
		unix.RTA_MULTIPATH: unix.SizeofRtNexthop, unix.RTA_FLOW: 4, unix.RTA_TABLE: 4, unix.RTA_MARK: 4, rtaUID: 4, rtaNHID: 4,
	}
	rulePolicy = policy{
		unix.FRA_PRIORITY: 4, unix.FRA_FWMARK: 4, unix.FRA_FWMASK: 4, unix.FRA_FLOW: 4, unix.FRA_TABLE: 4, unix.FRA_GOTO: 4,
		unix.FRA_SUPPRESS_PREFIXLEN: 4, unix.FRA_L3MDEV: 1, unix.FRA_UID_RANGE: 8, unix.FRA_PROTOCOL: 1, unix.FRA_IP_PROTO: 1,
	}
)

// policyOf is what holds for the attributes of a request.
func policyOf(r *nlsock.Request) policy {
	const addrs, routes, rules = unix.RTM_NEWADDR / 4, unix.RTM_NEWROUTE / 4, unix.RTM_NEWRULE / 4
	switch kind := r.Type / 4; {
	case kind == unix.RTM_NEWLINK/4:
		return linkPolicy
	case kind == addrs && r.Body[0] == unix.AF_INET:
		return addrPolicy4
	case kind == routes && r.Body[0] == unix.AF_INET:
		return routePolicy4
	case kind == rules:
		return rulePolicy
	}
	return nil
}

// check refuses attributes that are too short.
func (p policy) check(attrs nl.Attrs) error {
	for typ, a := range attrs {
		if len(a.Value) < p[typ] {
			return failAt(unix.ERANGE, "Attribute failed policy validation", a)
		}
	}
	return nil
}

// isGet tells whether a request only asks.
func isGet(r *nlsock.Request) bool { return r.Type%4 == unix.RTM_GETLINK%4 }
