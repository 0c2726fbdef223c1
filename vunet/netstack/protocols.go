// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/raw"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
)

// Sizes of socket buffers in bytes: net.core.[rw]mem_default and _max, and
// tcp_[rw]mem (tcp(7)). Send buffers start larger than the kernel's because gVisor
// grows them more slowly.
const (
	minBuffer        = 4096
	defaultBuffer    = 212992
	maxBuffer        = 4 << 20
	defaultTCPSend   = 256 << 10
	maxTCPSend       = 4 << 20
	defaultTCPRecv   = 131072
	maxTCPRecv       = 6 << 20
	firstPort        = 32768 // net.ipv4.ip_local_port_range
	lastPort         = 60999
	routerSolicits   = 3 // RFC 4861, MAX_RTR_SOLICITATIONS
	solicitInterval  = 4 * time.Second
	maxSolicitDelay  = time.Second
	dadTransmits     = 1
	dadTimer         = time.Second
	defaultAutoRetry = 3
)

// newIP makes gVisor's part of the stack.
func (s *Stack) newIP() *stack.Stack {
	ip := stack.New(stack.Options{
		NetworkProtocols: []stack.NetworkProtocolFactory{
			s.watched(ipv4.NewProtocolWithOptions(ipv4.Options{IGMP: ipv4.IGMPOptions{Enabled: true}})),
			s.watched(ipv6.NewProtocolWithOptions(ipv6.Options{
				MLD:        ipv6.MLDOptions{Enabled: true},
				NDPDisp:    (*ndp)(s),
				DADConfigs: stack.DADConfigurations{DupAddrDetectTransmits: dadTransmits, RetransmitTimer: dadTimer},
				NDPConfigs: ipv6.NDPConfigurations{
					MaxRtrSolicitations:           routerSolicits,
					RtrSolicitationInterval:       solicitInterval,
					MaxRtrSolicitationDelay:       maxSolicitDelay,
					HandleRAs:                     ipv6.HandlingRAsEnabledWhenForwardingDisabled,
					DiscoverDefaultRouters:        true,
					DiscoverMoreSpecificRoutes:    true,
					DiscoverOnLinkPrefixes:        true,
					AutoGenGlobalAddresses:        true,
					AutoGenAddressConflictRetries: defaultAutoRetry,
				},
			})),
			arp.NewProtocol,
		},
		TransportProtocols: []stack.TransportProtocolFactory{
			tcp.NewProtocolCUBIC, udp.NewProtocol, icmp.NewProtocol4, icmp.NewProtocol6,
		},
		RawFactory:  raw.EndpointFactory{},
		HandleLocal: true,
		NUDDisp:     (*nud)(s),
	})
	sack, delay, moderate := tcpip.TCPSACKEnabled(true), tcpip.TCPDelayEnabled(true), tcpip.TCPModerateReceiveBufferOption(true)
	reuse := tcpip.TCPTimeWaitReuseLoopbackOnly
	for _, o := range []tcpip.SettableTransportProtocolOption{
		&sack, &delay, &moderate, &reuse,
		&tcpip.TCPSendBufferSizeRangeOption{Min: minBuffer, Default: defaultTCPSend, Max: maxTCPSend},
		&tcpip.TCPReceiveBufferSizeRangeOption{Min: minBuffer, Default: defaultTCPRecv, Max: maxTCPRecv},
	} {
		must(ip.SetTransportProtocolOption(tcp.ProtocolNumber, o))
	}
	must(ip.SetOption(tcpip.SendBufferSizeOption{Min: minBuffer, Default: defaultBuffer, Max: maxBuffer}))
	must(ip.SetOption(tcpip.ReceiveBufferSizeOption{Min: minBuffer, Default: defaultBuffer, Max: maxBuffer}))
	must(ip.SetPortRange(firstPort, lastPort))
	return ip
}

// must panics on an error that only a mistake in this package can cause.
func must(err tcpip.Error) {
	if err != nil {
		panic(err.String())
	}
}
