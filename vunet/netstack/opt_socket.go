// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"bytes"
	"encoding/binary"
	"math"
	"time"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"

	"vuos.dev/engine"
)

// getSocket reads options of level SOL_SOCKET (socket(7)).
func (x *inet) getSocket(name, max int) ([]byte, error) {
	so := x.ep().SocketOptions()
	num := func(v int64) ([]byte, error) {
		return intValue(int32(min(v, math.MaxInt32)), unix.SOL_SOCKET, max), nil
	}
	switch name {
	case unix.SO_TYPE:
		return num(int64(x.typ))
	case unix.SO_DOMAIN:
		return num(int64(x.domain))
	case unix.SO_PROTOCOL:
		return num(int64(x.protocol))
	case unix.SO_ERROR:
		return num(int64(x.takeError()))
	case unix.SO_ACCEPTCONN:
		return num(int64(truth(x.listening())))
	case unix.SO_SNDBUF:
		return num(so.GetSendBufferSize())
	case unix.SO_RCVBUF:
		return num(so.GetReceiveBufferSize())
	case unix.SO_RCVLOWAT:
		return num(int64(so.GetRcvlowat()))
	case unix.SO_SNDLOWAT:
		return num(1)
	case unix.SO_MARK:
		return num(int64(int32(so.GetMark())))
	case unix.SO_LINGER:
		l := so.GetLinger()
		b := binary.NativeEndian.AppendUint32(nil, uint32(truth(l.Enabled)))
		return binary.NativeEndian.AppendUint32(b, uint32(l.Timeout/time.Second)), nil
	case unix.SO_COOKIE:
		return binary.NativeEndian.AppendUint64(nil, x.ino), nil
	case unix.SO_PEERCRED:
		return []byte{0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, nil
	case unix.SO_BINDTODEVICE:
		return x.device()
	case unix.SO_BINDTOIFINDEX:
		return num(int64(so.GetBindToDevice()))
	}
	return x.getSocketTimes(name, max)
}

// getSocketTimes reads the options that have to do with time.
func (x *inet) getSocketTimes(name, max int) ([]byte, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	m := x.stamps
	num := func(v int32) ([]byte, error) { return intValue(v, unix.SOL_SOCKET, max), nil }
	switch name {
	case unix.SO_RCVTIMEO_OLD, unix.SO_RCVTIMEO_NEW:
		return timevalBytes(x.rcvTime), nil
	case unix.SO_SNDTIMEO_OLD, unix.SO_SNDTIMEO_NEW:
		return timevalBytes(x.sndTime), nil
	case unix.SO_TIMESTAMP_OLD:
		return num(truth(m.micro && !m.new))
	case unix.SO_TIMESTAMPNS_OLD:
		return num(truth(m.nano && !m.new))
	case unix.SO_TIMESTAMP_NEW:
		return num(truth(m.micro && m.new))
	case unix.SO_TIMESTAMPNS_NEW:
		return num(truth(m.nano && m.new))
	case unix.SO_TIMESTAMPING_OLD, unix.SO_TIMESTAMPING_NEW:
		return append(intValue(m.flags, unix.SOL_SOCKET, max), 0, 0, 0, 0), nil
	}
	return nil, unix.ENOPROTOOPT
}

// takeError is SO_ERROR: the pending error, which is gone then. gVisor keeps the one that ended a connection
// twice.
func (x *inet) takeError() unix.Errno {
	if e, failed := x.softError().(unix.Errno); failed {
		return e
	}
	err := x.ep().SocketOptions().GetLastError()
	if err == nil {
		return 0
	}
	if x.stream() {
		_ = x.ep().SocketOptions().GetLastError()
	}
	return number(err)
}

func (x *inet) device() ([]byte, error) {
	index := int(x.ep().SocketOptions().GetBindToDevice())
	if index == 0 {
		return nil, nil
	}
	l := x.s.conf.Link(index)
	if l == nil {
		return nil, unix.ENODEV
	}
	return append([]byte(l.Name), 0), nil
}

// setSocket changes options of level SOL_SOCKET.
func (x *inet) setSocket(c engine.Call, name int, value []byte) error {
	switch name {
	case unix.SO_LINGER, unix.SO_BINDTODEVICE, unix.SO_ATTACH_FILTER,
		unix.SO_RCVTIMEO_OLD, unix.SO_RCVTIMEO_NEW, unix.SO_SNDTIMEO_OLD, unix.SO_SNDTIMEO_NEW:
		return x.setSocketStruct(c, name, value)
	case unix.SO_TYPE, unix.SO_DOMAIN, unix.SO_PROTOCOL, unix.SO_ERROR, unix.SO_ACCEPTCONN:
		return unix.ENOPROTOOPT
	}
	v, err := int32Of(value)
	if err != nil {
		return err
	}
	so := x.ep().SocketOptions()
	switch name {
	case unix.SO_SNDBUF, unix.SO_SNDBUFFORCE:
		low, high := so.SendBufferLimits()
		so.SetSendBufferSize(clampBuffer(int64(v), low, high), true)
	case unix.SO_RCVBUF, unix.SO_RCVBUFFORCE:
		low, high := so.ReceiveBufferLimits()
		so.SetReceiveBufferSize(clampBuffer(int64(v), low, high), true)
	case unix.SO_RCVLOWAT:
		return errno(so.SetRcvlowat(max(v, 1)))
	case unix.SO_MARK:
		if !x.s.capable(c, unix.CAP_NET_ADMIN) && !x.s.capable(c, unix.CAP_NET_RAW) {
			return unix.EPERM
		}
		so.SetMark(uint32(v))
	case unix.SO_BINDTOIFINDEX:
		return errno(so.SetBindToDevice(v))
	case unix.SO_DETACH_FILTER:
		return x.setFilter(nil)
	default:
		return x.setStamps(name, v)
	}
	return nil
}

// clampBuffer doubles a buffer size for the bookkeeping that the kernel counts
// too, as sock_setsockopt does.
func clampBuffer(v, low, high int64) int64 {
	return max(min(v, high/2)*2, low)
}

func (x *inet) setStamps(name int, v int32) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	m := &x.stamps
	switch name {
	case unix.SO_TIMESTAMP_OLD, unix.SO_TIMESTAMP_NEW:
		m.micro, m.nano, m.new = v != 0, false, name == unix.SO_TIMESTAMP_NEW
	case unix.SO_TIMESTAMPNS_OLD, unix.SO_TIMESTAMPNS_NEW:
		m.micro, m.nano, m.new = false, v != 0, name == unix.SO_TIMESTAMPNS_NEW
	case unix.SO_TIMESTAMPING_OLD, unix.SO_TIMESTAMPING_NEW:
		m.flags = v
	default:
		return unix.ENOPROTOOPT
	}
	return nil
}

// setSocketStruct changes the options whose value is not an int.
func (x *inet) setSocketStruct(c engine.Call, name int, value []byte) error {
	so := x.ep().SocketOptions()
	switch name {
	case unix.SO_LINGER:
		if len(value) < 8 {
			return unix.EINVAL
		}
		so.SetLinger(tcpip.LingerOption{
			Enabled: binary.NativeEndian.Uint32(value) != 0,
			Timeout: time.Duration(binary.NativeEndian.Uint32(value[4:])) * time.Second,
		})
		return nil
	case unix.SO_BINDTODEVICE:
		return x.bindToDevice(c, value)
	case unix.SO_ATTACH_FILTER:
		f, err := newFilter(value)
		if err != nil {
			return err
		}
		return x.setFilter(f)
	}
	d, err := timeval(value)
	if err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if name == unix.SO_RCVTIMEO_OLD || name == unix.SO_RCVTIMEO_NEW {
		x.rcvTime = d
	} else {
		x.sndTime = d
	}
	return nil
}

func (x *inet) bindToDevice(c engine.Call, value []byte) error {
	so := x.ep().SocketOptions()
	if so.GetBindToDevice() != 0 && !x.s.capable(c, unix.CAP_NET_RAW) {
		return unix.EPERM
	}
	name, _, _ := bytes.Cut(value[:min(len(value), unix.IFNAMSIZ-1)], []byte{0})
	if len(name) == 0 {
		return errno(so.SetBindToDevice(0))
	}
	l := x.s.conf.LinkByName(string(name))
	if l == nil {
		return unix.ENODEV
	}
	return errno(so.SetBindToDevice(int32(l.Index)))
}

func (x *inet) setFilter(f *filter) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	if f == nil && x.filter == nil {
		return unix.ENOENT
	}
	x.filter = f
	return nil
}
