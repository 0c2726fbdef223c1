// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"golang.org/x/sys/unix"

	"vuos.dev/vunet/procnet"
)

// RTO of TCP as /proc/net/snmp shows it: van Jacobson's algorithm, least and most in milliseconds.
const (
	rtoAlgorithm = 1
	rtoMin       = 200
	rtoMax       = 120000
)

// Counters implements procnet.Stack. gVisor counts IPv4 and IPv6 together.
func (s *Stack) Counters() procnet.Counters {
	st := s.ip.Stats()
	ip, in, out, tcp, udp := st.IP, st.ICMP.V4.PacketsReceived, st.ICMP.V4.PacketsSent, st.TCP, st.UDP
	forwarding := uint64(2) // RFC 1213: not a gateway
	if s.conf.Forwarding(unix.AF_INET) {
		forwarding = 1
	}
	received := in.EchoRequest.Value() + in.EchoReply.Value() + in.DstUnreachable.Value() + in.SrcQuench.Value() + in.Redirect.Value() +
		in.TimeExceeded.Value() + in.ParamProblem.Value() + in.Timestamp.Value() + in.TimestampReply.Value()
	sent := out.EchoRequest.Value() + out.EchoReply.Value() + out.DstUnreachable.Value() + out.TimeExceeded.Value() + out.ParamProblem.Value()
	return procnet.Counters{
		"IpForwarding": forwarding, "IpDefaultTTL": defaultTTL,
		"IpInReceives": ip.PacketsReceived.Value(), "IpInHdrErrors": ip.MalformedPacketsReceived.Value(),
		"IpInAddrErrors": ip.InvalidDestinationAddressesReceived.Value() + ip.InvalidSourceAddressesReceived.Value(),
		"IpInDelivers":   ip.PacketsDelivered.Value(), "IpOutRequests": ip.PacketsSent.Value(),
		"IpOutDiscards": ip.OutgoingPacketErrors.Value(), "IpOutTransmits": ip.PacketsSent.Value(),

		"IcmpInMsgs": received, "IcmpInErrors": in.Invalid.Value(), "IcmpInDestUnreachs": in.DstUnreachable.Value(),
		"IcmpInTimeExcds": in.TimeExceeded.Value(), "IcmpInParmProbs": in.ParamProblem.Value(), "IcmpInSrcQuenchs": in.SrcQuench.Value(),
		"IcmpInRedirects": in.Redirect.Value(), "IcmpInEchos": in.EchoRequest.Value(), "IcmpInEchoReps": in.EchoReply.Value(),
		"IcmpInTimestamps": in.Timestamp.Value(), "IcmpInTimestampReps": in.TimestampReply.Value(),
		"IcmpOutMsgs": sent, "IcmpOutErrors": out.Dropped.Value(), "IcmpOutRateLimitGlobal": out.RateLimited.Value(),
		"IcmpOutDestUnreachs": out.DstUnreachable.Value(), "IcmpOutTimeExcds": out.TimeExceeded.Value(),
		"IcmpOutParmProbs": out.ParamProblem.Value(), "IcmpOutEchos": out.EchoRequest.Value(), "IcmpOutEchoReps": out.EchoReply.Value(),

		"TcpRtoAlgorithm": rtoAlgorithm, "TcpRtoMin": rtoMin, "TcpRtoMax": rtoMax,
		"TcpActiveOpens": tcp.ActiveConnectionOpenings.Value(), "TcpPassiveOpens": tcp.PassiveConnectionOpenings.Value(),
		"TcpAttemptFails": tcp.FailedConnectionAttempts.Value(), "TcpEstabResets": tcp.EstablishedResets.Value(),
		"TcpCurrEstab": tcp.CurrentEstablished.Value(), "TcpInSegs": tcp.ValidSegmentsReceived.Value(),
		"TcpOutSegs": tcp.SegmentsSent.Value(), "TcpRetransSegs": tcp.Retransmits.Value(),
		"TcpInErrs": tcp.InvalidSegmentsReceived.Value() + tcp.ChecksumErrors.Value(), "TcpOutRsts": tcp.ResetsSent.Value(),
		"TcpInCsumErrors": tcp.ChecksumErrors.Value(),

		"UdpInDatagrams": udp.PacketsReceived.Value(), "UdpNoPorts": udp.UnknownPortErrors.Value(),
		"UdpInErrors": udp.MalformedPacketsReceived.Value() + udp.ChecksumErrors.Value(), "UdpOutDatagrams": udp.PacketsSent.Value(),
		"UdpRcvbufErrors": udp.ReceiveBufferErrors.Value(), "UdpSndbufErrors": udp.PacketSendErrors.Value(),
		"UdpInCsumErrors": udp.ChecksumErrors.Value(),

		"TcpExtSyncookiesSent": tcp.ListenOverflowSynCookieSent.Value(), "TcpExtSyncookiesRecv": tcp.ListenOverflowSynCookieRcvd.Value(),
		"TcpExtSyncookiesFailed": tcp.ListenOverflowInvalidSynCookieRcvd.Value(),
		"TcpExtListenOverflows":  tcp.ListenOverflowAckDrop.Value(), "TcpExtListenDrops": tcp.ListenOverflowSynDrop.Value(),
		"TcpExtTCPRenoRecovery": tcp.FastRecovery.Value(), "TcpExtTCPSackRecovery": tcp.SACKRecovery.Value(),
		"TcpExtTCPFastRetrans": tcp.FastRetransmit.Value(), "TcpExtTCPSlowStartRetrans": tcp.SlowStartRetransmits.Value(),
		"TcpExtTCPTimeouts": tcp.Timeouts.Value(), "TcpExtTCPLossProbeRecovery": tcp.TLPRecovery.Value(),
		"TcpExtTCPDSACKRecv": tcp.SegmentsAckedWithDSACK.Value(),
	}
}
