// SPDX-License-Identifier: Apache-2.0

// Package nlsock is AF_NETLINK sockets (netlink(7)). A [Hub] is one protocol of one
// stack: it knows the port numbers and multicast groups, and hands requests to
// the protocol's [Handler].
package nlsock

import (
	"encoding/binary"
	"math/rand/v2"
	"sync"

	"golang.org/x/sys/unix"

	"vuos.dev/vunet/nl"
)

// Request is a netlink message on its way to a handler.
type Request struct {
	nl.Message
	Port   uint32 // of the sender; replies carry it
	Admin  bool   // the sender has CAP_NET_ADMIN over the stack
	Strict bool   // NETLINK_GET_STRICT_CHK

	replies [][]byte
	dump    []byte
}

// Reply sends one message in a datagram of its own.
func (r *Request) Reply(b []byte) { r.replies = append(r.replies, b) }

// dumpChunk is how much of a dump goes into one datagram, in bytes. Every reader
// has a buffer of a page at least.
const dumpChunk = 4000

// Dump adds a message to the answer of a dump; several share a datagram.
func (r *Request) Dump(b []byte) {
	if len(r.dump) > 0 && len(r.dump)+len(b) > dumpChunk {
		r.replies = append(r.replies, r.dump)
		r.dump = nil
	}
	r.dump = append(r.dump, b...)
}

// Header is the header of a reply.
func (r *Request) Header(typ, flags uint16) nl.Header {
	return nl.Header{Type: typ, Flags: flags, Seq: r.Seq, PID: r.Port}
}

// Handler answers the requests of one netlink protocol.
type Handler interface {
	// Request handles one message; its answer goes through r. The error is
	// what the acknowledgement says; dumping tells that the answer is a dump, which
	// NLMSG_DONE ends and tells the error of.
	Request(r *Request) (dumping bool, err error)

	// Groups is the number of multicast groups.
	Groups() int
}

// Hub is a netlink protocol of a stack.
type Hub struct {
	protocol int
	handler  Handler

	mu      sync.Mutex
	sockets map[*Socket]struct{}
	ports   map[uint32]*Socket
}

// NewHub makes the hub of a protocol (NETLINK_*).
func NewHub(protocol int, h Handler) *Hub {
	return &Hub{protocol: protocol, handler: h, sockets: map[*Socket]struct{}{}, ports: map[uint32]*Socket{}}
}

// Multicast sends a message to the members of a group. A member with no room gets
// ENOBUFS instead.
func (h *Hub) Multicast(group int, b []byte) {
	h.mu.Lock()
	var to []*Socket
	for s := range h.sockets {
		if s.member(group) {
			to = append(to, s)
		}
	}
	h.mu.Unlock()
	for _, s := range to {
		s.deliver(b, group)
	}
}

// Listening tells whether anybody is a member of the group.
func (h *Hub) Listening(group int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.sockets {
		if s.member(group) {
			return true
		}
	}
	return false
}

// claim gives a socket a port number: the wanted one, or if that is 0 the
// process's, or another one if that is taken.
func (h *Hub) claim(s *Socket, want, process uint32) (uint32, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if want != 0 {
		if h.ports[want] != nil {
			return 0, unix.EADDRINUSE
		}
	} else {
		for want = process; want == 0 || h.ports[want] != nil; {
			want = 1<<31 | rand.Uint32()
		}
	}
	h.ports[want] = s
	return want, nil
}

func (h *Hub) enter(s *Socket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.sockets[s] = struct{}{}
}

func (h *Hub) leave(s *Socket, port uint32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.sockets, s)
	if port != 0 {
		delete(h.ports, port)
	}
}

// sizeofAddr is the length of struct sockaddr_nl.
const sizeofAddr = unix.SizeofSockaddrNetlink

// sockaddr encodes struct sockaddr_nl.
func sockaddr(port, groups uint32) []byte {
	b := make([]byte, sizeofAddr)
	binary.NativeEndian.PutUint16(b, unix.AF_NETLINK)
	binary.NativeEndian.PutUint32(b[4:], port)
	binary.NativeEndian.PutUint32(b[8:], groups)
	return b
}

// parseAddr decodes struct sockaddr_nl.
func parseAddr(b []byte) (port, groups uint32, err error) {
	if len(b) < sizeofAddr {
		return 0, 0, unix.EINVAL
	}
	if binary.NativeEndian.Uint16(b) != unix.AF_NETLINK {
		return 0, 0, unix.EINVAL
	}
	return binary.NativeEndian.Uint32(b[4:]), binary.NativeEndian.Uint32(b[8:]), nil
}
