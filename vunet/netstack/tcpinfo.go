// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"
	"time"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
)

// caStates are the kernel's numbers (enum tcp_ca_state) of gVisor's states of
// congestion control.
var caStates = map[tcpip.CongestionControlState]uint8{
	tcpip.Open:         0,
	tcpip.Disorder:     1,
	tcpip.FastRecovery: 3,
	tcpip.SACKRecovery: 3,
	tcpip.RTORecovery:  4,
}

// tcpState is the state as /proc/net/tcp and TCP_INFO number it. gVisor's states
// before the first packet are CLOSE.
func tcpState(s uint32) uint8 {
	if st := tcp.EndpointState(s); st <= tcp.StateClosing {
		return uint8(st)
	} else if st == tcp.StateConnecting {
		return uint8(tcp.StateSynSent)
	}
	return uint8(tcp.StateClose)
}

// Offsets in struct tcp_info (linux/tcp.h) in bytes.
const (
	tcpiState       = 0
	tcpiCAState     = 1
	tcpiOptions     = 5
	tcpiRTO         = 8
	tcpiATO         = 12
	tcpiSndMSS      = 16
	tcpiRcvMSS      = 20
	tcpiPMTU        = 60
	tcpiRcvSsthresh = 64
	tcpiRTT         = 68
	tcpiRTTVar      = 72
	tcpiSndSsthresh = 76
	tcpiSndCwnd     = 80
	tcpiAdvMSS      = 84
	tcpiReordering  = 88
	tcpiRcvSpace    = 96
	tcpiSegsOut     = 136
	tcpiSegsIn      = 140

	tcpInfoLen        = 232
	defaultReordering = 3
	optTimestamps     = 1
	optSACK           = 2
	optWScale         = 4
)

// mss is how many bytes of data a segment has at most: before there is a connection what was set or TCP_MSS_DEFAULT, and then
// what the path's MTU leaves when all options are there. That the peer may take less, gVisor does not tell.
func (x *inet) mss() int {
	p, err := x.pathMTU(4)
	if err != nil {
		v, _ := x.ep().GetSockOptInt(tcpip.MaxSegOption) // cannot fail for TCP
		return v
	}
	ip := header.IPv4MinimumSize
	if to, terr := x.ep().GetRemoteAddress(); terr == nil && familyOfAddress(unmapped(to.Addr)) == unix.AF_INET6 {
		ip = header.IPv6MinimumSize
	}
	return min(int(binary.NativeEndian.Uint32(p)), header.TCPMaximumMSS) - ip - header.TCPHeaderMaximumSize
}

// tcpInfo is TCP_INFO.
func (x *inet) tcpInfo() []byte {
	var v tcpip.TCPInfoOption
	if terr := x.ep().GetSockOpt(&v); terr != nil {
		v.State = tcpip.EndpointState(tcp.StateClose)
	}
	b := make([]byte, tcpInfoLen)
	b[tcpiState], b[tcpiCAState] = tcpState(x.ep().State()), caStates[v.CcState]
	if b[tcpiState] == uint8(tcp.StateEstablished) {
		b[tcpiOptions] = optTimestamps | optSACK | optWScale
	}
	mss, terr := x.ep().GetSockOptInt(tcpip.MaxSegOption)
	if terr != nil {
		mss = 536
	}
	put32(b, tcpiRTO, uint32(v.RTO/time.Microsecond))
	put32(b, tcpiATO, 40000)
	put32(b, tcpiSndMSS, uint32(mss))
	put32(b, tcpiRcvMSS, uint32(mss))
	put32(b, tcpiAdvMSS, uint32(mss))
	if p, err := x.pathMTU(4); err == nil {
		copy(b[tcpiPMTU:], p)
	}
	put32(b, tcpiRTT, uint32(v.RTT/time.Microsecond))
	put32(b, tcpiRTTVar, uint32(v.RTTVar/time.Microsecond))
	put32(b, tcpiSndSsthresh, v.SndSsthresh)
	put32(b, tcpiSndCwnd, v.SndCwnd)
	put32(b, tcpiReordering, defaultReordering)
	rcv := uint32(x.ep().SocketOptions().GetReceiveBufferSize())
	put32(b, tcpiRcvSsthresh, rcv)
	put32(b, tcpiRcvSpace, rcv)
	if st, ok := x.ep().Stats().(*tcp.Stats); ok {
		put32(b, tcpiSegsOut, uint32(st.SegmentsSent.Value()))
		put32(b, tcpiSegsIn, uint32(st.SegmentsReceived.Value()))
	}
	return b
}
