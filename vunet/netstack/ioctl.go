// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"

	"vuos.dev/engine"
	"vuos.dev/vunet/netconf"
)

// sizeofIfreq is the length of struct ifreq, of which the first IFNAMSIZ bytes are
// the name.
const sizeofIfreq = 40

// ifreq is struct ifreq.
type ifreq [sizeofIfreq]byte

func (q *ifreq) name() string {
	n, _, _ := bytes.Cut(q[:unix.IFNAMSIZ], []byte{0})
	return string(n)
}

func (q *ifreq) u32() uint32     { return binary.NativeEndian.Uint32(q[unix.IFNAMSIZ:]) }
func (q *ifreq) putU32(v uint32) { binary.NativeEndian.PutUint32(q[unix.IFNAMSIZ:], v) }
func (q *ifreq) putU16(v uint16) { binary.NativeEndian.PutUint16(q[unix.IFNAMSIZ:], v) }
func (q *ifreq) data() []byte    { return q[unix.IFNAMSIZ:] }

// ioctls that read one thing of a link, by command.
var linkGetters = map[uint32]func(*Stack, *netconf.Link, *ifreq) error{
	unix.SIOCGIFFLAGS:  func(_ *Stack, l *netconf.Link, q *ifreq) error { q.putU16(uint16(l.AllFlags())); return nil },
	unix.SIOCGIFMETRIC: func(_ *Stack, _ *netconf.Link, q *ifreq) error { q.putU32(0); return nil },
	unix.SIOCGIFMTU:    func(_ *Stack, l *netconf.Link, q *ifreq) error { q.putU32(l.MTU); return nil },
	unix.SIOCGIFINDEX:  func(_ *Stack, l *netconf.Link, q *ifreq) error { q.putU32(uint32(l.Index)); return nil },
	unix.SIOCGIFTXQLEN: func(_ *Stack, l *netconf.Link, q *ifreq) error { q.putU32(l.TxQLen); return nil },
	unix.SIOCGIFHWADDR: func(_ *Stack, l *netconf.Link, q *ifreq) error {
		clear(q.data())
		q.putU16(l.Type)
		copy(q.data()[2:], l.Addr)
		return nil
	},
	unix.SIOCGIFMAP:     func(_ *Stack, _ *netconf.Link, q *ifreq) error { clear(q.data()); return nil },
	unix.SIOCGIFADDR:    (*Stack).getIfAddr,
	unix.SIOCGIFNETMASK: (*Stack).getIfMask,
	unix.SIOCGIFBRDADDR: (*Stack).getIfBroadcast,
	unix.SIOCGIFDSTADDR: (*Stack).getIfPeer,
	unix.SIOCETHTOOL:    func(*Stack, *netconf.Link, *ifreq) error { return unix.EOPNOTSUPP },
	unix.SIOCGMIIPHY:    func(*Stack, *netconf.Link, *ifreq) error { return unix.EOPNOTSUPP },
	unix.SIOCGMIIREG:    func(*Stack, *netconf.Link, *ifreq) error { return unix.EOPNOTSUPP },
}

// linkSetters are ioctls that change a link.
var linkSetters = map[uint32]func(*Stack, *netconf.Link, *ifreq) error{
	unix.SIOCSIFFLAGS:   (*Stack).setIfFlags,
	unix.SIOCSIFMTU:     (*Stack).setIfMTU,
	unix.SIOCSIFTXQLEN:  (*Stack).setIfTxQLen,
	unix.SIOCSIFHWADDR:  (*Stack).setIfHWAddr,
	unix.SIOCSIFNAME:    (*Stack).setIfName,
	unix.SIOCSIFADDR:    (*Stack).setIfAddr,
	unix.SIOCSIFNETMASK: (*Stack).setIfMask,
	unix.SIOCSIFBRDADDR: (*Stack).setIfBroadcast,
	unix.SIOCSIFDSTADDR: (*Stack).setIfPeer,
	unix.SIOCSIFMETRIC:  func(*Stack, *netconf.Link, *ifreq) error { return unix.EOPNOTSUPP },
}

// ioctl does what any socket can be asked (netdevice(7), arp(7)): done is false for
// a command that is not about the configuration. domain is the socket's: a few commands are about its family.
func (s *Stack) ioctl(c engine.Call, m engine.Memory, domain int, cmd uint32, arg uint64) (done bool, err error) {
	switch cmd {
	case unix.SIOCGIFCONF:
		return true, s.ifConf(m, arg)
	case unix.SIOCGIFNAME:
		return true, s.ifName(m, arg)
	case unix.SIOCADDRT, unix.SIOCDELRT:
		if !s.capable(c, unix.CAP_NET_ADMIN) {
			return true, unix.EPERM
		}
		if domain == unix.AF_INET6 {
			return true, s.ioctlRoute6(m, cmd == unix.SIOCADDRT, arg)
		}
		return true, s.ioctlRoute(m, cmd == unix.SIOCADDRT, arg)
	case unix.SIOCGARP, unix.SIOCSARP, unix.SIOCDARP:
		if cmd != unix.SIOCGARP && !s.capable(c, unix.CAP_NET_ADMIN) {
			return true, unix.EPERM
		}
		return true, s.ioctlARP(m, cmd, arg)
	}
	if domain == unix.AF_INET6 && (cmd == unix.SIOCSIFADDR || cmd == unix.SIOCDIFADDR) {
		if !s.capable(c, unix.CAP_NET_ADMIN) {
			return true, unix.EPERM
		}
		return true, s.ioctlAddr6(m, cmd == unix.SIOCSIFADDR, arg)
	}
	get, set := linkGetters[cmd], linkSetters[cmd]
	if get == nil && set == nil {
		return false, nil
	}
	var q ifreq
	if _, err := m.ReadAt(q[:], arg); err != nil {
		return true, err
	}
	l := s.conf.LinkByName(baseName(q.name()))
	if set != nil && !s.capable(c, unix.CAP_NET_ADMIN) {
		return true, unix.EPERM
	}
	if l == nil {
		return true, unix.ENODEV
	}
	if set != nil {
		return true, set(s, l, &q)
	}
	if err := get(s, l, &q); err != nil {
		return true, err
	}
	_, err = m.WriteAt(q[:], arg)
	return true, err
}

// baseName strips the alias of an old-style name: "eth0:1".
func baseName(name string) string {
	base, _, _ := bytes.Cut([]byte(name), []byte{':'})
	return string(base)
}

// ifName is SIOCGIFNAME: an index's name.
func (s *Stack) ifName(m engine.Memory, arg uint64) error {
	var q ifreq
	if _, err := m.ReadAt(q[:], arg); err != nil {
		return err
	}
	l := s.conf.Link(int(int32(q.u32())))
	if l == nil {
		return unix.ENODEV
	}
	clear(q[:unix.IFNAMSIZ])
	copy(q[:unix.IFNAMSIZ-1], l.Name)
	_, err := m.WriteAt(q[:], arg)
	return err
}

// Ioctl implements engine.Socket.
func (x *inet) Ioctl(c engine.Call, m engine.Memory, cmd uint32, arg uint64) (int, error) {
	if done, err := x.s.ioctl(c, m, x.domain, cmd, arg); done {
		return 0, err
	}
	v := int32(0)
	switch cmd {
	case unix.TIOCINQ:
		if x.stream() && tcpState(x.ep().State()) == uint8(tcpListen) {
			return 0, unix.EINVAL
		}
		q, terr := x.ep().GetSockOptInt(tcpip.ReceiveQueueSizeOption)
		if terr != nil {
			return 0, errno(terr)
		}
		v = int32(q)
	case unix.TIOCOUTQ:
		v = int32(x.unsent())
	case unix.SIOCATMARK:
		if !x.stream() {
			return 0, unix.ENOTTY
		}
	case unix.SIOCGSTAMP, siocgstampNS:
		return 0, x.lastStamp(m, cmd, arg)
	default:
		return 0, unix.ENOTTY
	}
	_, err := m.WriteAt(binary.NativeEndian.AppendUint32(nil, uint32(v)), arg)
	return 0, err
}

const (
	siocgstampNS = 0x8907 // SIOCGSTAMPNS (asm-generic/sockios.h)
	tcpListen    = 10     // TCP_LISTEN
)

// lastStamp is SIOCGSTAMP: when the last packet came.
func (x *inet) lastStamp(m engine.Memory, cmd uint32, arg uint64) error {
	x.mu.Lock()
	t := x.stamp
	x.mu.Unlock()
	if t.IsZero() {
		return unix.ENOENT
	}
	frac := int64(t.Nanosecond())
	if cmd == unix.SIOCGSTAMP {
		frac /= 1000
	}
	b := binary.NativeEndian.AppendUint64(nil, uint64(t.Unix()))
	_, err := m.WriteAt(binary.NativeEndian.AppendUint64(b, uint64(frac)), arg)
	return err
}
