// SPDX-License-Identifier: Apache-2.0

package sockcore

import (
	"encoding/binary"
	"time"

	"golang.org/x/sys/unix"
)

// Int is the value of an int option of level SOL_SOCKET.
func (c *Core) Int(name int) int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ints[name]
}

// GetSocket reads an option of level SOL_SOCKET.
func (c *Core) GetSocket(name, _ int) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	num := func(v int32) ([]byte, error) { return binary.NativeEndian.AppendUint32(nil, uint32(v)), nil }
	switch name {
	case unix.SO_TYPE:
		return num(int32(c.Type))
	case unix.SO_DOMAIN:
		return num(int32(c.Domain))
	case unix.SO_PROTOCOL:
		return num(int32(c.Protocol))
	case unix.SO_ERROR:
		e := c.err
		c.err = 0
		return num(int32(e))
	case unix.SO_ACCEPTCONN:
		return num(0)
	case unix.SO_RCVLOWAT, unix.SO_SNDLOWAT:
		return num(1)
	case unix.SO_LINGER:
		return make([]byte, 8), nil
	case unix.SO_COOKIE:
		return binary.NativeEndian.AppendUint64(nil, c.Ino), nil
	case unix.SO_RCVTIMEO_OLD, unix.SO_RCVTIMEO_NEW:
		return timevalBytes(c.rcvTime), nil
	case unix.SO_SNDTIMEO_OLD, unix.SO_SNDTIMEO_NEW:
		return timevalBytes(c.sndTime), nil
	}
	if !settable[name] {
		return nil, unix.ENOPROTOOPT
	}
	return num(c.ints[name])
}

// settable are the int options that are kept.
var settable = map[int]bool{
	unix.SO_DEBUG: true, unix.SO_REUSEADDR: true, unix.SO_BROADCAST: true, unix.SO_DONTROUTE: true,
	unix.SO_SNDBUF: true, unix.SO_RCVBUF: true, unix.SO_KEEPALIVE: true, unix.SO_OOBINLINE: true,
	unix.SO_NO_CHECK: true, unix.SO_PRIORITY: true, unix.SO_PASSCRED: true, unix.SO_MARK: true,
	unix.SO_TIMESTAMP_OLD: true, unix.SO_TIMESTAMPNS_OLD: true, unix.SO_TIMESTAMP_NEW: true,
	unix.SO_TIMESTAMPNS_NEW: true, unix.SO_RXQ_OVFL: true, unix.SO_BUSY_POLL: true,
	unix.SO_REUSEPORT: true, unix.SO_LOCK_FILTER: true, unix.SO_SELECT_ERR_QUEUE: true,
	unix.SO_TIMESTAMPING_OLD: true, unix.SO_INCOMING_CPU: true,
}

// SetSocket changes an option of level SOL_SOCKET.
func (c *Core) SetSocket(name int, value []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch name {
	case unix.SO_RCVTIMEO_OLD, unix.SO_RCVTIMEO_NEW:
		return setTimeval(&c.rcvTime, value)
	case unix.SO_SNDTIMEO_OLD, unix.SO_SNDTIMEO_NEW:
		return setTimeval(&c.sndTime, value)
	}
	if len(value) < 4 {
		return unix.EINVAL
	}
	v := int32(binary.NativeEndian.Uint32(value))
	switch name {
	case unix.SO_SNDBUFFORCE:
		name = unix.SO_SNDBUF
	case unix.SO_RCVBUFFORCE:
		name = unix.SO_RCVBUF
	case unix.SO_RCVLOWAT:
		return nil
	}
	if !settable[name] {
		return unix.ENOPROTOOPT
	}
	if name == unix.SO_SNDBUF || name == unix.SO_RCVBUF {
		v = max(min(v, MaxBuffer/2)*2, 2304)
	}
	c.ints[name] = v
	return nil
}

func setTimeval(d *time.Duration, b []byte) error {
	if len(b) < 16 {
		return unix.EINVAL
	}
	sec, usec := int64(binary.NativeEndian.Uint64(b)), int64(binary.NativeEndian.Uint64(b[8:]))
	switch {
	case usec < 0 || usec >= 1e6:
		return unix.EDOM
	case sec < 0 || sec > int64(1<<62/time.Second):
		*d = 0
	default:
		*d = time.Duration(sec)*time.Second + time.Duration(usec)*time.Microsecond
	}
	return nil
}

func timevalBytes(d time.Duration) []byte {
	b := binary.NativeEndian.AppendUint64(nil, uint64(d/time.Second))
	return binary.NativeEndian.AppendUint64(b, uint64(d%time.Second/time.Microsecond))
}
