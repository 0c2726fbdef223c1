// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// option names a socket option.
type option struct{ level, name int }

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
		return intValue(truth(f.get(x.ep().SocketOptions())), level, max), nil
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
	err := x.set(c, level, name, value)
	if err == nil && x.stream() {
		x.keepOption(option{level, name}, value)
	}
	return err
}

func (x *inet) set(c engine.Call, level, name int, value []byte) error {
	o := option{level, name}
	if !x.has(level) {
		return unix.ENOPROTOOPT
	}
	if f, ok := flags[o]; ok {
		v, err := optionInt(level, value)
		if err == nil {
			f.set(x.ep().SocketOptions(), v != 0)
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
