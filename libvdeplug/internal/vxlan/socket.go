// SPDX-License-Identifier: Apache-2.0

package vxlan

import (
	"net/netip"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// socket makes a UDP socket of the group's family, bound to addr.
func (c *Config) socket(addr netip.AddrPort, opts []option) (fd int, err error) {
	family := unix.AF_INET6
	if c.Group.Addr().Is4() {
		family = unix.AF_INET
	} else {
		opts = append(opts, option{"IPV6_V6ONLY", intOption(unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1)})
	}
	fd, err = unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.IPPROTO_UDP)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	opts = append(opts, option{"bind " + addr.String(), func(fd int) error { return unix.Bind(fd, sockaddr(addr)) }})
	for _, o := range opts {
		if err := o.set(fd); err != nil {
			unix.Close(fd)
			return -1, os.NewSyscallError(o.name, err)
		}
	}
	return fd, nil
}

// option is something to be done to a new socket.
type option struct {
	name string
	set  func(fd int) error
}

func intOption(level, opt, value int) func(int) error {
	return func(fd int) error { return unix.SetsockoptInt(fd, level, opt, value) }
}

// receiveOptions are for a socket that gets unicast.
func (c *Config) receiveOptions() (opts []option) {
	if c.ReceiveBytes > 0 {
		opts = append(opts, option{"SO_RCVBUF", intOption(unix.SOL_SOCKET, unix.SO_RCVBUF, c.ReceiveBytes)})
	}
	return opts
}

// sendOptions are for a socket that sends to the group; loop tells whether
// others on this host are to get it, too.
func (c *Config) sendOptions(loop int) []option {
	if c.Group.Addr().Is4() {
		opts := []option{
			{"IP_MULTICAST_TTL", intOption(unix.IPPROTO_IP, unix.IP_MULTICAST_TTL, c.TTL)},
			{"IP_MULTICAST_LOOP", intOption(unix.IPPROTO_IP, unix.IP_MULTICAST_LOOP, loop)},
		}
		if c.Interface > 0 {
			mreq := &unix.IPMreqn{Ifindex: int32(c.Interface)}
			opts = append(opts, option{"IP_MULTICAST_IF", func(fd int) error {
				return unix.SetsockoptIPMreqn(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_IF, mreq)
			}})
		}
		return opts
	}
	opts := []option{
		{"IPV6_MULTICAST_HOPS", intOption(unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_HOPS, c.TTL)},
		{"IPV6_MULTICAST_LOOP", intOption(unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_LOOP, loop)},
	}
	if c.Interface > 0 {
		opts = append(opts, option{"IPV6_MULTICAST_IF", intOption(unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_IF, c.Interface)})
	}
	return opts
}

// joinOptions are for a socket that gets what is sent to the group, and only
// to that group.
func (c *Config) joinOptions() []option {
	if c.Group.Addr().Is4() {
		mreq := &unix.IPMreqn{Multiaddr: c.Group.Addr().As4(), Ifindex: int32(c.Interface)}
		return []option{
			{"IP_MULTICAST_ALL", intOption(unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0)},
			{"joining " + c.Group.Addr().String(), func(fd int) error {
				return unix.SetsockoptIPMreqn(fd, unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP, mreq)
			}},
		}
	}
	mreq := &unix.IPv6Mreq{Multiaddr: c.Group.Addr().As16(), Interface: uint32(c.Interface)}
	return []option{
		{"IPV6_MULTICAST_ALL", intOption(unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_ALL, 0)},
		{"joining " + c.Group.Addr().String(), func(fd int) error {
			return unix.SetsockoptIPv6Mreq(fd, unix.IPPROTO_IPV6, unix.IPV6_JOIN_GROUP, mreq)
		}},
	}
}

// any is the address of the group's family that means all of the host's.
func (c *Config) any() netip.Addr {
	if c.Group.Addr().Is4() {
		return netip.IPv4Unspecified()
	}
	return netip.IPv6Unspecified()
}

func sockaddr(a netip.AddrPort) unix.Sockaddr {
	if a.Addr().Is4() {
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
	}
	zone, _ := strconv.ParseUint(a.Addr().Zone(), 10, 32)
	return &unix.SockaddrInet6{Port: int(a.Port()), Addr: a.Addr().As16(), ZoneId: uint32(zone)}
}

// localPort returns the port that a socket is bound to.
func localPort(fd int) (uint16, error) {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return 0, os.NewSyscallError("getsockname", err)
	}
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return uint16(sa.Port), nil
	case *unix.SockaddrInet6:
		return uint16(sa.Port), nil
	}
	return 0, unix.EAFNOSUPPORT
}
