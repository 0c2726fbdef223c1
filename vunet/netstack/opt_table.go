// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
)

// flag is an option that gVisor keeps as a boolean.
type flag struct {
	get func(*tcpip.SocketOptions) bool
	set func(*tcpip.SocketOptions, bool)
}

// flags are the boolean options.
var flags = map[option]flag{
	{unix.SOL_SOCKET, unix.SO_BROADCAST}: {(*tcpip.SocketOptions).GetBroadcast, (*tcpip.SocketOptions).SetBroadcast},
	{unix.SOL_SOCKET, unix.SO_REUSEADDR}: {(*tcpip.SocketOptions).GetReuseAddress, (*tcpip.SocketOptions).SetReuseAddress},
	{unix.SOL_SOCKET, unix.SO_REUSEPORT}: {(*tcpip.SocketOptions).GetReusePort, (*tcpip.SocketOptions).SetReusePort},
	{unix.SOL_SOCKET, unix.SO_KEEPALIVE}: {(*tcpip.SocketOptions).GetKeepAlive, (*tcpip.SocketOptions).SetKeepAlive},
	{unix.SOL_SOCKET, unix.SO_NO_CHECK}:  {(*tcpip.SocketOptions).GetNoChecksum, (*tcpip.SocketOptions).SetNoChecksum},

	{unix.SOL_IP, unix.IP_HDRINCL}:         {(*tcpip.SocketOptions).GetHeaderIncluded, (*tcpip.SocketOptions).SetHeaderIncluded},
	{unix.SOL_IP, unix.IP_PKTINFO}:         {(*tcpip.SocketOptions).GetReceivePacketInfo, (*tcpip.SocketOptions).SetReceivePacketInfo},
	{unix.SOL_IP, unix.IP_RECVTTL}:         {(*tcpip.SocketOptions).GetReceiveTTL, (*tcpip.SocketOptions).SetReceiveTTL},
	{unix.SOL_IP, unix.IP_RECVTOS}:         {(*tcpip.SocketOptions).GetReceiveTOS, (*tcpip.SocketOptions).SetReceiveTOS},
	{unix.SOL_IP, unix.IP_RECVERR}:         {(*tcpip.SocketOptions).GetIPv4RecvError, (*tcpip.SocketOptions).SetIPv4RecvError},
	{unix.SOL_IP, unix.IP_RECVORIGDSTADDR}: {(*tcpip.SocketOptions).GetReceiveOriginalDstAddress, (*tcpip.SocketOptions).SetReceiveOriginalDstAddress},
	{unix.SOL_IP, unix.IP_MULTICAST_LOOP}:  {(*tcpip.SocketOptions).GetMulticastLoop, (*tcpip.SocketOptions).SetMulticastLoop},

	{unix.SOL_IPV6, unix.IPV6_RECVPKTINFO}:     {(*tcpip.SocketOptions).GetIPv6ReceivePacketInfo, (*tcpip.SocketOptions).SetIPv6ReceivePacketInfo},
	{unix.SOL_IPV6, unix.IPV6_RECVHOPLIMIT}:    {(*tcpip.SocketOptions).GetReceiveHopLimit, (*tcpip.SocketOptions).SetReceiveHopLimit},
	{unix.SOL_IPV6, unix.IPV6_RECVTCLASS}:      {(*tcpip.SocketOptions).GetReceiveTClass, (*tcpip.SocketOptions).SetReceiveTClass},
	{unix.SOL_IPV6, unix.IPV6_RECVERR}:         {(*tcpip.SocketOptions).GetIPv6RecvError, (*tcpip.SocketOptions).SetIPv6RecvError},
	{unix.SOL_IPV6, unix.IPV6_RECVORIGDSTADDR}: {(*tcpip.SocketOptions).GetReceiveOriginalDstAddress, (*tcpip.SocketOptions).SetReceiveOriginalDstAddress},
	{unix.SOL_IPV6, unix.IPV6_MULTICAST_LOOP}:  {(*tcpip.SocketOptions).GetMulticastLoop, (*tcpip.SocketOptions).SetMulticastLoop},

	{unix.SOL_TCP, unix.TCP_QUICKACK}: {(*tcpip.SocketOptions).GetQuickAck, (*tcpip.SocketOptions).SetQuickAck},
	{unix.SOL_TCP, unix.TCP_CORK}:     {(*tcpip.SocketOptions).GetCorkOption, (*tcpip.SocketOptions).SetCorkOption},
}

// bounds are the values that a remembered option may have, and the first one.
type bounds struct{ low, high, first int32 }

var (
	boolean = bounds{-1 << 31, 1<<31 - 1, 0}
	onFirst = bounds{-1 << 31, 1<<31 - 1, 1}
)

// remembered are options that the kernel has and that make no difference to
// what this stack does: they are checked, kept and given back.
var remembered = map[option]bounds{
	{unix.SOL_SOCKET, unix.SO_PRIORITY}:           {-1 << 31, 1<<31 - 1, 0},
	{unix.SOL_SOCKET, unix.SO_DEBUG}:              boolean,
	{unix.SOL_SOCKET, unix.SO_DONTROUTE}:          boolean,
	{unix.SOL_SOCKET, unix.SO_OOBINLINE}:          boolean,
	{unix.SOL_SOCKET, unix.SO_RXQ_OVFL}:           boolean,
	{unix.SOL_SOCKET, unix.SO_BUSY_POLL}:          {0, 1<<31 - 1, 0},
	{unix.SOL_SOCKET, unix.SO_INCOMING_CPU}:       {-1, 1<<31 - 1, -1},
	{unix.SOL_SOCKET, unix.SO_ZEROCOPY}:           {0, 1, 0},
	{unix.SOL_SOCKET, unix.SO_MAX_PACING_RATE}:    boolean,
	{unix.SOL_SOCKET, unix.SO_SELECT_ERR_QUEUE}:   boolean,
	{unix.SOL_SOCKET, unix.SO_PASSCRED}:           boolean,
	{unix.SOL_SOCKET, unix.SO_WIFI_STATUS}:        boolean,
	{unix.SOL_SOCKET, unix.SO_LOCK_FILTER}:        boolean,
	{unix.SOL_IP, unix.IP_FREEBIND}:               boolean,
	{unix.SOL_IP, unix.IP_TRANSPARENT}:            boolean,
	{unix.SOL_IP, unix.IP_RECVOPTS}:               boolean,
	{unix.SOL_IP, unix.IP_RETOPTS}:                boolean,
	{unix.SOL_IP, unix.IP_ROUTER_ALERT}:           boolean,
	{unix.SOL_IP, unix.IP_MULTICAST_ALL}:          {0, 1, 1},
	{unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT}:   boolean,
	{unix.SOL_IP, unix.IP_MINTTL}:                 {0, 255, 0},
	{unix.SOL_IP, unix.IP_NODEFRAG}:               boolean,
	{unix.SOL_IP, unix.IP_CHECKSUM}:               boolean,
	{unix.SOL_IP, unix.IP_RECVFRAGSIZE}:           {0, 1, 0},
	{unix.SOL_IP, unix.IP_RECVERR_RFC4884}:        {0, 1, 0},
	{unix.SOL_IP, ipLocalPortRange}:               boolean,
	{unix.SOL_IPV6, unix.IPV6_FREEBIND}:           boolean,
	{unix.SOL_IPV6, unix.IPV6_TRANSPARENT}:        boolean,
	{unix.SOL_IPV6, unix.IPV6_AUTOFLOWLABEL}:      onFirst,
	{unix.SOL_IPV6, unix.IPV6_MULTICAST_ALL}:      {0, 1, 1},
	{unix.SOL_IPV6, unix.IPV6_RECVRTHDR}:          boolean,
	{unix.SOL_IPV6, unix.IPV6_RECVHOPOPTS}:        boolean,
	{unix.SOL_IPV6, unix.IPV6_RECVDSTOPTS}:        boolean,
	{unix.SOL_IPV6, unix.IPV6_RECVPATHMTU}:        boolean,
	{unix.SOL_IPV6, unix.IPV6_MTU_DISCOVER}:       {0, 5, 1},
	{unix.SOL_IPV6, unix.IPV6_DONTFRAG}:           boolean,
	{unix.SOL_IPV6, unix.IPV6_MINHOPCOUNT}:        {0, 255, 0},
	{unix.SOL_IPV6, unix.IPV6_ADDR_PREFERENCES}:   boolean,
	{unix.SOL_IPV6, unix.IPV6_RECVFRAGSIZE}:       {0, 1, 0},
	{unix.SOL_IPV6, unix.IPV6_RECVERR_RFC4884}:    {0, 1, 0},
	{unix.SOL_IPV6, ipv6FlowinfoSend}:             boolean,
	{unix.SOL_IPV6, ipv6Flowinfo}:                 boolean,
	{unix.SOL_IPV6, unix.IPV6_ROUTER_ALERT}:       boolean,
	{unix.SOL_TCP, unix.TCP_FASTOPEN}:             {0, 1<<31 - 1, 0},
	{unix.SOL_TCP, unix.TCP_FASTOPEN_CONNECT}:     {0, 1, 0},
	{unix.SOL_TCP, unix.TCP_FASTOPEN_NO_COOKIE}:   {0, 1, 0},
	{unix.SOL_TCP, unix.TCP_THIN_LINEAR_TIMEOUTS}: {0, 1, 0},
	{unix.SOL_TCP, unix.TCP_THIN_DUPACK}:          {0, 1, 0},
	{unix.SOL_TCP, unix.TCP_NOTSENT_LOWAT}:        boolean,
	{unix.SOL_TCP, unix.TCP_SAVE_SYN}:             {0, 2, 0},
	{unix.SOL_TCP, unix.TCP_TX_DELAY}:             {0, 1<<31 - 1, 0},
	{unix.SOL_UDP, unix.UDP_NO_CHECK6_TX}:         boolean,
	{unix.SOL_UDP, unix.UDP_NO_CHECK6_RX}:         boolean,
	{unix.SOL_UDP, unix.UDP_GRO}:                  boolean,
}

// Options that x/sys/unix lacks (linux/in.h, linux/in6.h).
const (
	ipLocalPortRange = 51
	ipv6Flowinfo     = 11
	ipv6FlowinfoSend = 33
)
