// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vunet/diag"
	"vuos.dev/vunet/nlsock"
)

// netlink is a netlink socket, which also does the interface ioctls of any socket.
type netlink struct {
	*nlsock.Socket
	s *Stack
}

func (s *Stack) netlinkSocket(c engine.Call, typ, protocol int) (engine.Socket, error) {
	if typ != unix.SOCK_RAW && typ != unix.SOCK_DGRAM {
		return nil, unix.ESOCKTNOSUPPORT
	}
	hub := s.hubs[protocol]
	if hub == nil {
		return nil, unix.EPROTONOSUPPORT
	}
	ino := inodes.Add(1)
	n := &netlink{s: s}
	n.Socket = hub.NewSocket(nlsock.Options{
		Type: typ, Ino: ino, UID: c.Cred().FSUID, Process: c.PID(),
		Admin:   func(c engine.Call) bool { return s.capable(c, unix.CAP_NET_ADMIN) },
		Release: func() { s.leave(ino) },
	})
	s.enter(ino, n)
	return n, nil
}

// Ioctl implements engine.Socket.
func (n *netlink) Ioctl(c engine.Call, m engine.Memory, cmd uint32, arg uint64) (int, error) {
	if done, err := n.s.ioctl(c, m, unix.AF_NETLINK, cmd, arg); done {
		return 0, err
	}
	return n.Socket.Ioctl(c, m, cmd, arg)
}

func (n *netlink) abort() { n.Fail(unix.ENETDOWN) }

func (n *netlink) info() diag.Socket {
	port, groups := n.Port()
	return diag.Socket{
		Family: unix.AF_NETLINK, Type: uint8(n.Type), Protocol: uint8(n.Protocol), State: diag.Close,
		Inode: n.Inode(), UID: n.UID, NetlinkPID: port,
		Groups:    binary.NativeEndian.AppendUint32(nil, groups),
		RecvQueue: uint32(n.Queued()), RecvBuffer: uint32(n.Int(unix.SO_RCVBUF)),
		SendBuffer: uint32(n.Int(unix.SO_SNDBUF)), Drops: n.Dropped(false),
	}
}
