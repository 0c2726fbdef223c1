// SPDX-License-Identifier: Apache-2.0

package procnet

import (
	"bytes"
	"fmt"
	"strings"
)

// Counters are those of the protocols, by the names of RFC 1213 and its successors as the kernel has them: "IpInReceives".
// What a stack does not count is missing.
type Counters map[string]uint64

// snmpColumns are the counters of /proc/net/snmp by protocol (net/ipv4/proc.c:snmp_seq_show()).
var snmpColumns = []struct{ proto, names string }{
	{"Ip", "Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos InDiscards InDelivers OutRequests " +
		"OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates OutTransmits"},
	{"Icmp", "InMsgs InErrors InCsumErrors InDestUnreachs InTimeExcds InParmProbs InSrcQuenchs InRedirects InEchos InEchoReps " +
		"InTimestamps InTimestampReps InAddrMasks InAddrMaskReps OutMsgs OutErrors OutRateLimitGlobal OutRateLimitHost OutDestUnreachs " +
		"OutTimeExcds OutParmProbs OutSrcQuenchs OutRedirects OutEchos OutEchoReps OutTimestamps OutTimestampReps OutAddrMasks OutAddrMaskReps"},
	{"Tcp", "RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs OutSegs RetransSegs " +
		"InErrs OutRsts InCsumErrors"},
	{"Udp", "InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors"},
	{"UdpLite", "InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors"},
}

// snmp is /proc/net/snmp.
func snmp(w *bytes.Buffer, s Stack) {
	c := s.Counters()
	for _, p := range snmpColumns {
		fmt.Fprintf(w, "%s: %s\n%s:", p.proto, p.names, p.proto)
		for _, name := range strings.Fields(p.names) {
			if p.proto == "Tcp" && name == "MaxConn" {
				w.WriteString(" -1") // there is no limit
				continue
			}
			fmt.Fprintf(w, " %d", c[p.proto+name])
		}
		w.WriteByte('\n')
	}
}

// tcpExt are the counters of /proc/net/netstat that stacks have.
const tcpExt = "SyncookiesSent SyncookiesRecv SyncookiesFailed TW ListenOverflows ListenDrops TCPRenoRecovery TCPSackRecovery TCPFastRetrans " +
	"TCPSlowStartRetrans TCPTimeouts TCPLossProbeRecovery TCPDSACKRecv"

// netstat is /proc/net/netstat (netstat_seq_show()).
func netstat(w *bytes.Buffer, s Stack) {
	c := s.Counters()
	fmt.Fprintf(w, "TcpExt: %s\nTcpExt:", tcpExt)
	for _, name := range strings.Fields(tcpExt) {
		fmt.Fprintf(w, " %d", c["TcpExt"+name])
	}
	w.WriteByte('\n')
}
