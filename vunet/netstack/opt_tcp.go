// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"bytes"
	"encoding/binary"
	"time"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
)

// tcpInts are the int options of level SOL_TCP that gVisor has as such.
var tcpInts = map[int]tcpip.SockOptInt{
	unix.TCP_MAXSEG:       tcpip.MaxSegOption, // as long as there is no connection, see mss
	unix.TCP_KEEPCNT:      tcpip.KeepaliveCountOption,
	unix.TCP_SYNCNT:       tcpip.TCPSynCountOption,
	unix.TCP_WINDOW_CLAMP: tcpip.TCPWindowClampOption,
}

// getTCP reads options of level SOL_TCP (tcp(7)).
func (x *inet) getTCP(name, max int) ([]byte, error) {
	num := func(v int64) ([]byte, error) { return intValue(int32(v), unix.SOL_TCP, max), nil }
	if name == unix.TCP_MAXSEG {
		return num(int64(x.mss()))
	}
	if o, ok := tcpInts[name]; ok {
		v, terr := x.ep().GetSockOptInt(o)
		if terr != nil {
			return nil, errno(terr)
		}
		return num(int64(v))
	}
	switch name {
	case unix.TCP_NODELAY:
		return num(int64(truth(!x.ep().SocketOptions().GetDelayOption())))
	case unix.TCP_KEEPIDLE:
		var v tcpip.KeepaliveIdleOption
		terr := x.ep().GetSockOpt(&v)
		return intValue(int32(time.Duration(v)/time.Second), unix.SOL_TCP, max), errno(terr)
	case unix.TCP_KEEPINTVL:
		var v tcpip.KeepaliveIntervalOption
		terr := x.ep().GetSockOpt(&v)
		return intValue(int32(time.Duration(v)/time.Second), unix.SOL_TCP, max), errno(terr)
	case unix.TCP_USER_TIMEOUT:
		var v tcpip.TCPUserTimeoutOption
		terr := x.ep().GetSockOpt(&v)
		return intValue(int32(time.Duration(v)/time.Millisecond), unix.SOL_TCP, max), errno(terr)
	case unix.TCP_LINGER2:
		var v tcpip.TCPLingerTimeoutOption
		terr := x.ep().GetSockOpt(&v)
		if v < 0 {
			return intValue(-1, unix.SOL_TCP, max), errno(terr)
		}
		return intValue(int32(time.Duration(v)/time.Second), unix.SOL_TCP, max), errno(terr)
	case unix.TCP_DEFER_ACCEPT:
		var v tcpip.TCPDeferAcceptOption
		terr := x.ep().GetSockOpt(&v)
		return intValue(int32(time.Duration(v)/time.Second), unix.SOL_TCP, max), errno(terr)
	case unix.TCP_CONGESTION:
		var v tcpip.CongestionControlOption
		terr := x.ep().GetSockOpt(&v)
		b := make([]byte, tcpCANameMax)
		copy(b, v)
		return b, errno(terr)
	case unix.TCP_INFO:
		return x.tcpInfo(), nil
	case unix.TCP_INQ:
		x.mu.Lock()
		defer x.mu.Unlock()
		return num(int64(truth(x.inq)))
	}
	return nil, unix.ENOPROTOOPT
}

const tcpCANameMax = 16 // TCP_CA_NAME_MAX

// Bounds of keepalive options in seconds and counts (net/ipv4/tcp.c).
const (
	maxKeepIdle     = 32767
	maxKeepInterval = 32767
	maxKeepCount    = 127
	maxSynRetries   = 127
)

// setTCP changes options of level SOL_TCP.
func (x *inet) setTCP(name int, value []byte) error {
	if name == unix.TCP_CONGESTION {
		b, _, _ := bytes.Cut(value[:min(len(value), tcpCANameMax-1)], []byte{0})
		v := tcpip.CongestionControlOption(b)
		return errno(x.ep().SetSockOpt(&v))
	}
	v, err := int32Of(value)
	if err != nil {
		return err
	}
	sec := time.Duration(v) * time.Second
	switch name {
	case unix.TCP_NODELAY:
		x.ep().SocketOptions().SetDelayOption(v == 0)
		return nil
	case unix.TCP_KEEPIDLE:
		if v < 1 || v > maxKeepIdle {
			return unix.EINVAL
		}
		o := tcpip.KeepaliveIdleOption(sec)
		return errno(x.ep().SetSockOpt(&o))
	case unix.TCP_KEEPINTVL:
		if v < 1 || v > maxKeepInterval {
			return unix.EINVAL
		}
		o := tcpip.KeepaliveIntervalOption(sec)
		return errno(x.ep().SetSockOpt(&o))
	case unix.TCP_USER_TIMEOUT:
		if v < 0 {
			return unix.EINVAL
		}
		o := tcpip.TCPUserTimeoutOption(time.Duration(v) * time.Millisecond)
		return errno(x.ep().SetSockOpt(&o))
	case unix.TCP_LINGER2:
		o := tcpip.TCPLingerTimeoutOption(sec)
		return errno(x.ep().SetSockOpt(&o))
	case unix.TCP_DEFER_ACCEPT:
		o := tcpip.TCPDeferAcceptOption(max(sec, 0))
		return errno(x.ep().SetSockOpt(&o))
	case unix.TCP_KEEPCNT:
		if v < 1 || v > maxKeepCount {
			return unix.EINVAL
		}
	case unix.TCP_SYNCNT:
		if v < 1 || v > maxSynRetries {
			return unix.EINVAL
		}
	case unix.TCP_INQ:
		if v < 0 || v > 1 {
			return unix.EINVAL
		}
		x.mu.Lock()
		defer x.mu.Unlock()
		x.inq = v != 0
		return nil
	}
	o, ok := tcpInts[name]
	if !ok {
		return unix.ENOPROTOOPT
	}
	return errno(x.ep().SetSockOptInt(o, int(v)))
}

// getUDP and setUDP are options of level SOL_UDP (udp(7)).
func (x *inet) getUDP(name, max int) ([]byte, error) {
	if name != unix.UDP_CORK {
		return nil, unix.ENOPROTOOPT
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return intValue(truth(x.corked), unix.SOL_UDP, max), nil
}

func (x *inet) setUDP(name int, value []byte) error {
	v, err := int32Of(value)
	if err != nil {
		return err
	}
	if name != unix.UDP_CORK {
		return unix.ENOPROTOOPT
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.corked = v != 0
	if !x.corked {
		return x.flush()
	}
	return nil
}

// put32 writes a number at an offset.
func put32(b []byte, at int, v uint32) { binary.NativeEndian.PutUint32(b[at:], v) }
