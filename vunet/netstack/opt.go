// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"
	"time"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"

	"vuos.dev/engine"
)

// option names a socket option.
type option struct{ level, name int }

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

// remember keeps the value of an option that has no effect. The lock is held, or
// the socket is new.
func (x *inet) remember(o option, v int32) {
	if x.ints == nil {
		x.ints = map[option]int32{}
	}
	x.ints[o] = v
}

// Getsockopt implements engine.Socket.
func (x *inet) Getsockopt(c engine.Call, level, name, max int) ([]byte, error) {
	if max < 0 {
		return nil, unix.EINVAL
	}
	v, err := x.get(c, level, name, max)
	if err != nil {
		return nil, err
	}
	return v[:min(len(v), max)], nil
}

func (x *inet) get(c engine.Call, level, name, max int) ([]byte, error) {
	o := option{level, name}
	if f, ok := flags[o]; ok && x.has(level) {
		return intValue(truth(f.get(x.ep.SocketOptions())), level, max), nil
	}
	if b, ok := remembered[o]; ok && x.has(level) {
		x.mu.Lock()
		defer x.mu.Unlock()
		v, set := x.ints[o]
		if !set {
			v = b.first
		}
		return intValue(v, level, max), nil
	}
	switch {
	case !x.has(level):
		return nil, unix.EOPNOTSUPP
	case level == unix.SOL_SOCKET:
		return x.getSocket(name, max)
	case level == unix.SOL_IP:
		return x.getIP(name, max)
	case level == unix.SOL_IPV6:
		return x.getIP6(name, max)
	case level == unix.SOL_TCP:
		return x.getTCP(name, max)
	case level == unix.SOL_UDP:
		return x.getUDP(name, max)
	}
	return x.getRaw(level, name)
}

// Setsockopt implements engine.Socket.
func (x *inet) Setsockopt(c engine.Call, level, name int, value []byte) error {
	o := option{level, name}
	if !x.has(level) {
		return unix.ENOPROTOOPT
	}
	if f, ok := flags[o]; ok {
		v, err := optionInt(level, value)
		if err == nil {
			f.set(x.ep.SocketOptions(), v != 0)
		}
		return err
	}
	if b, ok := remembered[o]; ok {
		return x.setRemembered(o, b, value)
	}
	switch level {
	case unix.SOL_SOCKET:
		return x.setSocket(c, name, value)
	case unix.SOL_IP:
		return x.setIP(c, name, value)
	case unix.SOL_IPV6:
		return x.setIP6(c, name, value)
	case unix.SOL_TCP:
		return x.setTCP(name, value)
	case unix.SOL_UDP:
		return x.setUDP(name, value)
	}
	return x.setRaw(level, name, value)
}

func (x *inet) setRemembered(o option, b bounds, value []byte) error {
	v, err := optionInt(o.level, value)
	if err != nil {
		return err
	}
	if v < b.low || v > b.high {
		return unix.EINVAL
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.remember(o, v)
	return nil
}

// has tells whether the socket has options of a level.
func (x *inet) has(level int) bool {
	switch level {
	case unix.SOL_SOCKET, unix.SOL_IP:
		return true
	case unix.SOL_IPV6:
		return x.domain == unix.AF_INET6
	case unix.SOL_TCP:
		return x.stream()
	case unix.SOL_UDP:
		return x.typ == unix.SOCK_DGRAM && x.protocol == unix.IPPROTO_UDP
	case unix.SOL_RAW, unix.SOL_ICMPV6:
		return x.typ == unix.SOCK_RAW
	}
	return false
}

// truth is 1 for true.
func truth(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

// intValue encodes the value of an int option; at level IP a short buffer gets one
// byte if the value fits.
func intValue(v int32, level, max int) []byte {
	if level == unix.SOL_IP && max > 0 && max < 4 && v >= 0 && v <= 255 {
		return []byte{byte(v)}
	}
	return binary.NativeEndian.AppendUint32(nil, uint32(v))
}

// int32Of decodes an int. EINVAL if it is too short.
func int32Of(b []byte) (int32, error) {
	if len(b) < 4 {
		return 0, unix.EINVAL
	}
	return int32(binary.NativeEndian.Uint32(b)), nil
}

// optionInt decodes the value of an int option; at level IP it may be one byte.
func optionInt(level int, b []byte) (int32, error) {
	if level == unix.SOL_IP && len(b) > 0 && len(b) < 4 {
		return int32(b[0]), nil
	}
	return int32Of(b)
}

// timeval decodes struct timeval; EDOM for a fraction out of range. A negative time
// is none.
func timeval(b []byte) (time.Duration, error) {
	if len(b) < 16 {
		return 0, unix.EINVAL
	}
	sec, usec := int64(binary.NativeEndian.Uint64(b)), int64(binary.NativeEndian.Uint64(b[8:]))
	switch {
	case usec < 0 || usec >= 1e6:
		return 0, unix.EDOM
	case sec < 0 || sec > int64(1<<62/time.Second):
		return 0, nil
	}
	return time.Duration(sec)*time.Second + time.Duration(usec)*time.Microsecond, nil
}

func timevalBytes(d time.Duration) []byte {
	b := binary.NativeEndian.AppendUint64(nil, uint64(d/time.Second))
	return binary.NativeEndian.AppendUint64(b, uint64(d%time.Second/time.Microsecond))
}
