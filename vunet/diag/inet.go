// SPDX-License-Identifier: Apache-2.0

package diag

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"

	"vuos.dev/vunet/nl"
	"vuos.dev/vunet/nlsock"
)

// Lengths of struct inet_diag_req_v2 and inet_diag_msg in bytes, and where the
// socket's identity is in the request (linux/inet_diag.h).
const (
	sizeofInetReq = 56
	sizeofInetMsg = 72
	reqID         = 8
)

// Attributes of an answer (INET_DIAG_*); the request asks for number n with bit n-1.
const (
	attrMeminfo   = 1
	attrInfo      = 2
	attrCong      = 4
	attrTOS       = 5
	attrTClass    = 6
	attrSKMeminfo = 7
	attrShutdown  = 8
	attrSkV6Only  = 11
	attrMark      = 15

	reqBytecode = 1 // INET_DIAG_REQ_BYTECODE
)

// inetReq is struct inet_diag_req_v2.
type inetReq struct {
	family, protocol, ext uint8
	states                uint32
	sport, dport          uint16
	src, dst              netip.Addr
	link                  uint32
	cookie                uint64
	code                  []byte
}

func parseInet(r *nlsock.Request) inetReq {
	b := r.Body
	q := inetReq{family: b[0], protocol: b[1], ext: b[2], states: binary.NativeEndian.Uint32(b[4:])}
	id := b[reqID:]
	q.sport, q.dport = binary.BigEndian.Uint16(id), binary.BigEndian.Uint16(id[2:])
	q.src, q.dst = addr(q.family, id[4:20]), addr(q.family, id[20:36])
	q.link = binary.NativeEndian.Uint32(id[36:])
	q.cookie = uint64(binary.NativeEndian.Uint32(id[40:])) | uint64(binary.NativeEndian.Uint32(id[44:]))<<32
	attrs, _ := nl.ParseAttrs(b[sizeofInetReq:], nl.HeaderLen+sizeofInetReq)
	q.code = attrs[reqBytecode].Value
	return q
}

func addr(fam uint8, b []byte) netip.Addr {
	if fam == unix.AF_INET {
		return netip.AddrFrom4([4]byte(b))
	}
	return netip.AddrFrom16([16]byte(b))
}

// matches tells whether a dump is to list the socket. A stream that is closed is in no table.
func (q *inetReq) matches(x *Socket) bool {
	return (x.Protocol != unix.IPPROTO_TCP || x.State != Close) && x.Family == q.family && (q.protocol == 0 || x.Protocol == q.protocol || q.protocol == unix.IPPROTO_RAW && x.Type == unix.SOCK_RAW) &&
		(q.protocol == unix.IPPROTO_RAW) == (x.Type == unix.SOCK_RAW) &&
		q.states&(1<<x.State) != 0 &&
		(q.sport == 0 || q.sport == x.Local.Port()) && (q.dport == 0 || q.dport == x.Remote.Port()) &&
		runBytecode(q.code, x)
}

// dumpInet is a dump of TCP, UDP or raw sockets (inet_diag_dump).
func (s *Server) dumpInet(r *nlsock.Request) error {
	q := parseInet(r)
	if err := checkBytecode(q.code); err != nil {
		return err
	}
	for _, x := range s.sockets.Sockets() {
		if x.Family != unix.AF_INET && x.Family != unix.AF_INET6 || !q.matches(&x) {
			continue
		}
		r.Dump(fillInet(r.Header(byFamily, unix.NLM_F_MULTI), &x, q.ext))
	}
	return nil
}

// getInet is a request for one socket (inet_diag_dump_one).
func (s *Server) getInet(r *nlsock.Request) error {
	q := parseInet(r)
	x := s.find(&q)
	if x == nil {
		return unix.ENOENT
	}
	r.Reply(fillInet(r.Header(byFamily, 0), x, q.ext))
	return nil
}

// destroy is SOCK_DESTROY, which `ss -K` sends (inet_diag_cmd_exact, sock_diag_destroy).
func (s *Server) destroy(r *nlsock.Request) error {
	switch {
	case r.Body[0] != unix.AF_INET && r.Body[0] != unix.AF_INET6:
		return unix.EOPNOTSUPP
	case len(r.Body) < sizeofInetReq:
		return unix.EINVAL
	}
	q := parseInet(r)
	x := s.find(&q)
	switch {
	case x == nil:
		return unix.ENOENT
	case !r.Admin:
		return unix.EPERM
	case x.Abort == nil:
		return unix.EOPNOTSUPP
	}
	x.Abort()
	return nil
}

// find finds the one socket that a request names, or nil.
func (s *Server) find(q *inetReq) *Socket {
	for _, x := range s.sockets.Sockets() {
		if x.Family != q.family || x.Protocol != q.protocol || x.Type == unix.SOCK_RAW {
			continue
		}
		exact := x.Local == netip.AddrPortFrom(q.src, q.sport) && x.Remote == netip.AddrPortFrom(q.dst, q.dport)
		const noCookie = 1<<64 - 1
		if exact && (q.cookie == noCookie || q.cookie == x.Inode) {
			return &x
		}
	}
	return nil
}

// fillInet makes struct inet_diag_msg and its attributes (inet_sk_diag_fill).
func fillInet(h nl.Header, x *Socket, ext uint8) []byte {
	b := make([]byte, sizeofInetMsg)
	b[0], b[1] = x.Family, x.State
	binary.BigEndian.PutUint16(b[4:], x.Local.Port())
	binary.BigEndian.PutUint16(b[6:], x.Remote.Port())
	copy(b[8:24], x.Local.Addr().AsSlice())
	copy(b[24:40], x.Remote.Addr().AsSlice())
	binary.NativeEndian.PutUint32(b[40:], uint32(x.Link))
	putCookie(b[44:], x.Inode)
	binary.NativeEndian.PutUint32(b[56:], x.RecvQueue)
	binary.NativeEndian.PutUint32(b[60:], x.SendQueue)
	binary.NativeEndian.PutUint32(b[64:], x.UID)
	binary.NativeEndian.PutUint32(b[68:], uint32(x.Inode))
	m := nl.New(h).Raw(b)
	asked := func(attr int) bool { return ext&(1<<(attr-1)) != 0 }
	m.U8(attrShutdown, x.Shutdown)
	if asked(attrTOS) {
		m.U8(attrTOS, x.TOS)
	}
	if x.Family == unix.AF_INET6 {
		if asked(attrTClass) {
			m.U8(attrTClass, x.TClass)
		}
		if x.State == Listen || x.State == Close {
			m.U8(attrSkV6Only, v6only(x))
		}
	}
	if x.Mark != 0 {
		m.U32(attrMark, x.Mark)
	}
	if asked(attrMeminfo) {
		var v []byte
		for _, n := range []uint32{x.RecvQueue, x.SendQueue, 0, x.SendQueue} {
			v = binary.NativeEndian.AppendUint32(v, n)
		}
		m.Bytes(attrMeminfo, v)
	}
	if asked(attrSKMeminfo) {
		m.Bytes(attrSKMeminfo, skMeminfo(x))
	}
	if asked(attrInfo) && x.TCPInfo != nil {
		m.Bytes(attrInfo, x.TCPInfo)
	}
	if asked(attrCong) && x.Congestion != "" {
		m.String(attrCong, x.Congestion)
	}
	return m.End()
}

func v6only(x *Socket) uint8 {
	if x.V6Only {
		return 1
	}
	return 0
}

// skMeminfo is the array of SK_MEMINFO_*.
func skMeminfo(x *Socket) []byte {
	var b []byte
	for _, v := range []uint32{x.RecvQueue, x.RecvBuffer, x.SendQueue, x.SendBuffer, 0, x.SendQueue, 0, 0, x.Drops} {
		b = binary.NativeEndian.AppendUint32(b, v)
	}
	return b
}
