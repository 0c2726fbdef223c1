// SPDX-License-Identifier: Apache-2.0

package diag

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"vuos.dev/vunet/nl"
	"vuos.dev/vunet/nlsock"
)

// States of sockets (include/net/tcp_states.h).
const (
	Established = 1
	TimeWait    = 6
	Close       = 7
	Listen      = 10
)

// Requests (linux/sock_diag.h).
const (
	byFamily = 20 // SOCK_DIAG_BY_FAMILY
	destroy  = 21 // SOCK_DESTROY
)

// Server answers the requests of NETLINK_SOCK_DIAG for one stack.
type Server struct {
	sockets Lister
	hub     *nlsock.Hub
}

// New makes the server for the sockets that l lists.
func New(l Lister) *Server {
	s := &Server{sockets: l}
	s.hub = nlsock.NewHub(unix.NETLINK_SOCK_DIAG, s)
	return s
}

// Hub is where sockets of NETLINK_SOCK_DIAG are made.
func (s *Server) Hub() *nlsock.Hub { return s.hub }

// Groups implements nlsock.Handler (SKNLGRP_MAX); nothing is told to them.
func (*Server) Groups() int { return 4 }

// Request implements nlsock.Handler (sock_diag_rcv_msg).
func (s *Server) Request(r *nlsock.Request) (dumping bool, err error) {
	if r.Type != byFamily && r.Type != destroy || len(r.Body) < 2 {
		return false, unix.EINVAL
	}
	if r.Type == destroy {
		return false, s.destroy(r)
	}
	dump := r.Flags&unix.NLM_F_DUMP != 0
	switch r.Body[0] {
	case unix.AF_INET, unix.AF_INET6:
		if len(r.Body) < sizeofInetReq {
			return false, unix.EINVAL
		}
		if dump {
			return true, s.dumpInet(r)
		}
		return false, s.getInet(r)
	case unix.AF_PACKET:
		if !dump {
			return false, unix.EOPNOTSUPP
		}
		return true, s.dumpPacket(r)
	case unix.AF_NETLINK:
		if !dump {
			return false, unix.EOPNOTSUPP
		}
		return true, s.dumpNetlink(r)
	}
	return false, unix.ENOENT
}

// Attributes (linux/packet_diag.h, linux/netlink_diag.h).
const (
	packetDiagInfo    = 0
	packetDiagUID     = 4
	packetDiagMeminfo = 5

	netlinkDiagMeminfo = 0
	netlinkDiagGroups  = 1

	packetShowInfo     = 1
	packetShowMeminfo  = 0x20 // PACKET_SHOW_MEMINFO
	netlinkShowMeminfo = 1
	netlinkShowGroups  = 2
	netlinkAll         = 255
)

// dumpPacket lists packet sockets: struct packet_diag_msg.
func (s *Server) dumpPacket(r *nlsock.Request) error {
	if len(r.Body) < 20 {
		return unix.EINVAL
	}
	show := binary.NativeEndian.Uint32(r.Body[8:])
	for _, x := range s.sockets.Sockets() {
		if x.Family != unix.AF_PACKET {
			continue
		}
		hdr := make([]byte, 16)
		hdr[0], hdr[1] = unix.AF_PACKET, x.Type
		binary.NativeEndian.PutUint16(hdr[2:], x.PacketType)
		binary.NativeEndian.PutUint32(hdr[4:], uint32(x.Inode))
		putCookie(hdr[8:], x.Inode)
		m := nl.New(r.Header(byFamily, unix.NLM_F_MULTI)).Raw(hdr)
		if show&packetShowInfo != 0 {
			info := make([]byte, 24)
			binary.NativeEndian.PutUint32(info, uint32(x.Link))
			m.Bytes(packetDiagInfo, info)
			m.U32(packetDiagUID, x.UID)
		}
		if show&packetShowMeminfo != 0 {
			m.Bytes(packetDiagMeminfo, skMeminfo(&x))
		}
		r.Dump(m.End())
	}
	return nil
}

// dumpNetlink lists netlink sockets: struct netlink_diag_msg.
func (s *Server) dumpNetlink(r *nlsock.Request) error {
	if len(r.Body) < 20 {
		return unix.EINVAL
	}
	want, show := r.Body[1], binary.NativeEndian.Uint32(r.Body[8:])
	for _, x := range s.sockets.Sockets() {
		if x.Family != unix.AF_NETLINK || want != netlinkAll && want != x.Protocol {
			continue
		}
		hdr := make([]byte, 28)
		hdr[0], hdr[1], hdr[2], hdr[3] = unix.AF_NETLINK, x.Type, x.Protocol, x.State
		binary.NativeEndian.PutUint32(hdr[4:], x.NetlinkPID)
		binary.NativeEndian.PutUint32(hdr[16:], uint32(x.Inode))
		putCookie(hdr[20:], x.Inode)
		m := nl.New(r.Header(byFamily, unix.NLM_F_MULTI)).Raw(hdr)
		if show&netlinkShowMeminfo != 0 {
			m.Bytes(netlinkDiagMeminfo, skMeminfo(&x))
		}
		if show&netlinkShowGroups != 0 {
			m.Bytes(netlinkDiagGroups, x.Groups)
		}
		r.Dump(m.End())
	}
	return nil
}

func putCookie(b []byte, ino uint64) {
	binary.NativeEndian.PutUint32(b, uint32(ino))
	binary.NativeEndian.PutUint32(b[4:], uint32(ino>>32))
}
