// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"strings"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vunet/netconf"
)

// ifConf is SIOCGIFCONF: one struct ifreq for each IPv4 address.
func (s *Stack) ifConf(m engine.Memory, arg uint64) error {
	var conf [16]byte // struct ifconf: int length, pointer
	if _, err := m.ReadAt(conf[:], arg); err != nil {
		return err
	}
	room, ptr := int(int32(binary.NativeEndian.Uint32(conf[:]))), binary.NativeEndian.Uint64(conf[8:])
	var out []byte
	for _, a := range s.conf.Addrs() {
		if !a.Local.Is4() {
			continue
		}
		var q ifreq
		copy(q[:unix.IFNAMSIZ-1], a.Label)
		copy(q.data(), sockaddrIP(a.Local))
		if ptr != 0 && len(out)+sizeofIfreq > room {
			break
		}
		out = append(out, q[:]...)
	}
	if ptr != 0 {
		if _, err := m.WriteAt(out, ptr); err != nil {
			return err
		}
	}
	binary.NativeEndian.PutUint32(conf[:], uint32(len(out)))
	_, err := m.WriteAt(conf[:4], arg)
	return err
}

// sockaddrIP is struct sockaddr_in of an address.
func sockaddrIP(ip netip.Addr) []byte {
	b := make([]byte, sizeofInet)
	binary.NativeEndian.PutUint16(b, unix.AF_INET)
	copy(b[4:8], ip.AsSlice())
	return b
}

// labelled finds the IPv4 address that an ioctl is about: by label, or the first
// one of the link.
func (s *Stack) labelled(l *netconf.Link, q *ifreq) *netconf.Addr {
	var first *netconf.Addr
	for _, a := range s.conf.Addrs() {
		if a.Link != l.Index || !a.Local.Is4() {
			continue
		}
		if a.Label == q.name() {
			return a
		}
		if first == nil {
			first = a
		}
	}
	if q.name() == l.Name {
		return first
	}
	return nil
}

func (s *Stack) getIf(l *netconf.Link, q *ifreq, what func(*netconf.Addr) netip.Addr) error {
	a := s.labelled(l, q)
	if a == nil {
		return unix.EADDRNOTAVAIL
	}
	clear(q.data())
	ip := what(a)
	if !ip.IsValid() {
		ip = netip.IPv4Unspecified()
	}
	copy(q.data(), sockaddrIP(ip))
	return nil
}

func (s *Stack) getIfAddr(l *netconf.Link, q *ifreq) error {
	return s.getIf(l, q, func(a *netconf.Addr) netip.Addr { return a.Local })
}

func (s *Stack) getIfMask(l *netconf.Link, q *ifreq) error {
	return s.getIf(l, q, func(a *netconf.Addr) netip.Addr { return maskOf(a.Bits) })
}

func (s *Stack) getIfBroadcast(l *netconf.Link, q *ifreq) error {
	return s.getIf(l, q, func(a *netconf.Addr) netip.Addr { return a.Broadcast })
}

func (s *Stack) getIfPeer(l *netconf.Link, q *ifreq) error {
	return s.getIf(l, q, func(a *netconf.Addr) netip.Addr { return a.Peer })
}

func maskOf(n int) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], ^uint32(0)<<(32-n))
	return netip.AddrFrom4(b)
}

// inAddr reads the struct sockaddr_in of a request.
func inAddr(b []byte) (netip.Addr, error) {
	if binary.NativeEndian.Uint16(b) != unix.AF_INET {
		return netip.Addr{}, unix.EINVAL
	}
	return netip.AddrFrom4([4]byte(b[4:8])), nil
}

func (s *Stack) setIfFlags(l *netconf.Link, q *ifreq) error {
	flags := uint32(binary.NativeEndian.Uint16(q.data()))
	if strings.Contains(q.name(), ":") {
		// The flags of an alias: without IFF_UP its address goes (net/ipv4/devinet.c:devinet_ioctl()).
		a := s.labelled(l, q)
		if a == nil {
			return unix.EADDRNOTAVAIL
		}
		if flags&unix.IFF_UP != 0 {
			return nil
		}
		return s.conf.DelAddr(l.Index, a.Local, a.Peer, a.Bits, a.Label)
	}
	return s.conf.SetLink(l.Index, &netconf.LinkChange{Flags: flags, Mask: 0xffff})
}

func (s *Stack) setIfMTU(l *netconf.Link, q *ifreq) error {
	v := q.u32()
	return s.conf.SetLink(l.Index, &netconf.LinkChange{MTU: &v})
}

func (s *Stack) setIfTxQLen(l *netconf.Link, q *ifreq) error {
	v := q.u32()
	if int32(v) < 0 {
		return unix.EINVAL
	}
	return s.conf.SetLink(l.Index, &netconf.LinkChange{TxQLen: &v})
}

func (s *Stack) setIfHWAddr(l *netconf.Link, q *ifreq) error {
	if binary.NativeEndian.Uint16(q.data()) != l.Type {
		return unix.EINVAL
	}
	return s.conf.SetLink(l.Index, &netconf.LinkChange{Addr: q.data()[2:8]})
}

func (s *Stack) setIfName(l *netconf.Link, q *ifreq) error {
	var n ifreq
	copy(n[:], q.data())
	name := n.name()
	return s.conf.SetLink(l.Index, &netconf.LinkChange{Name: &name})
}

// classBits is the prefix length of an address by its class, which SIOCSIFADDR
// assumes (inet_abc_len).
func classBits(ip netip.Addr) int {
	switch b := ip.As4()[0]; {
	case b == 0:
		return 0
	case b < 128:
		return 8
	case b < 192:
		return 16
	case b < 224:
		return 24
	}
	return 32
}

// setIfAddr is SIOCSIFADDR: the label's address is replaced.
func (s *Stack) setIfAddr(l *netconf.Link, q *ifreq) error {
	ip, err := inAddr(q.data())
	if err != nil {
		return err
	}
	if old := s.labelled(l, q); old != nil {
		if old.Local == ip {
			return nil
		}
		if err := s.conf.DelAddr(l.Index, old.Local, old.Peer, old.Bits, old.Label); err != nil {
			return err
		}
	}
	if ip.IsUnspecified() {
		return nil
	}
	a := &netconf.Addr{Link: l.Index, Local: ip, Bits: classBits(ip), Label: q.name()}
	if a.Bits < 31 && l.Flags&unix.IFF_BROADCAST != 0 {
		a.Broadcast = withHostBits(ip, a.Bits)
	}
	return s.conf.AddAddr(a, false, false)
}

func withHostBits(ip netip.Addr, n int) netip.Addr {
	v := binary.BigEndian.Uint32(ip.AsSlice()) | ^uint32(0)>>n
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], v)
	return netip.AddrFrom4(b)
}

// readdress replaces the label's address by a changed one.
func (s *Stack) readdress(l *netconf.Link, q *ifreq, change func(*netconf.Addr, netip.Addr) error) error {
	ip, err := inAddr(q.data())
	if err != nil {
		return err
	}
	a := s.labelled(l, q)
	if a == nil {
		return unix.EADDRNOTAVAIL
	}
	old := *a
	if err := change(a, ip); err != nil || *a == old {
		return err
	}
	if err := s.conf.DelAddr(l.Index, old.Local, old.Peer, old.Bits, old.Label); err != nil {
		return err
	}
	a.Flags = 0
	return s.conf.AddAddr(a, false, false)
}

func (s *Stack) setIfMask(l *netconf.Link, q *ifreq) error {
	return s.readdress(l, q, func(a *netconf.Addr, ip netip.Addr) error {
		v := binary.BigEndian.Uint32(ip.AsSlice())
		n := bits.LeadingZeros32(^v)
		if v != ^uint32(0)<<(32-n) {
			return unix.EINVAL
		}
		if a.Broadcast == withHostBits(a.Local, a.Bits) {
			a.Broadcast = withHostBits(a.Local, n)
		}
		a.Bits = n
		return nil
	})
}

func (s *Stack) setIfBroadcast(l *netconf.Link, q *ifreq) error {
	return s.readdress(l, q, func(a *netconf.Addr, ip netip.Addr) error {
		a.Broadcast = ip
		return nil
	})
}

func (s *Stack) setIfPeer(l *netconf.Link, q *ifreq) error {
	return s.readdress(l, q, func(a *netconf.Addr, ip netip.Addr) error {
		a.Peer = ip
		return nil
	})
}
