// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// ipv6Interface is an interface as gVisor's IPv6 sees it. An MTU that is too small for IPv6 is not seen: gVisor would try for ever
// to fit its multicast reports into it. There is no IPv6 on such a link (package netconf).
type ipv6Interface struct{ stack.NetworkInterface }

// MTU implements stack.NetworkInterface.
func (n ipv6Interface) MTU() uint32 { return max(n.NetworkInterface.MTU(), header.IPv6MinimumMTU) }

// seenBy is an interface as a protocol is to see it.
func seenBy(p stack.NetworkProtocol, nic stack.NetworkInterface) stack.NetworkInterface {
	if p.Number() == ipv6.ProtocolNumber {
		return ipv6Interface{nic}
	}
	return nic
}
