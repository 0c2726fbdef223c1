// SPDX-License-Identifier: Apache-2.0

package nlsock

import (
	"encoding/binary"
	"sync"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vunet/internal/sockcore"
)

// Socket is a netlink socket. It implements engine.Socket.
type Socket struct {
	sockcore.Core
	hub      *Hub
	admin    func(engine.Call) bool
	released func()

	mu      sync.Mutex
	process uint32
	port    uint32
	peer    uint32
	groups  []bool // by number, from 1
	opts    map[int]bool
}

var _ engine.Socket = (*Socket)(nil)

// Options say what a new socket is.
type Options struct {
	Type    int
	Ino     uint64
	UID     uint32
	Process int                    // number of the process; its first socket gets it as port
	Admin   func(engine.Call) bool // has the caller CAP_NET_ADMIN over the stack?
	Release func()                 // called when the socket is closed
}

// NewSocket makes a socket of the hub's protocol.
func (h *Hub) NewSocket(o Options) *Socket {
	s := &Socket{hub: h, admin: o.Admin, released: o.Release, process: uint32(o.Process),
		groups: make([]bool, h.handler.Groups()+1), opts: map[int]bool{}}
	s.Init(unix.AF_NETLINK, o.Type, h.protocol, o.Ino, o.UID)
	h.enter(s)
	return s
}

// Release implements engine.File.
func (s *Socket) Release(engine.Call) {
	s.mu.Lock()
	port := s.port
	s.mu.Unlock()
	s.hub.leave(s, port)
	s.Close()
	if s.released != nil {
		s.released()
	}
}

// Port is the socket's port number and the bit mask of its first 32 groups.
func (s *Socket) Port() (port, groups uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.port, s.mask()
}

func (s *Socket) mask() uint32 {
	m := uint32(0)
	for g := 1; g < len(s.groups) && g <= 32; g++ {
		if s.groups[g] {
			m |= 1 << (g - 1)
		}
	}
	return m
}

func (s *Socket) member(group int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return group < len(s.groups) && s.groups[group]
}

// Bind implements engine.Socket.
func (s *Socket) Bind(_ engine.Call, addr []byte) error {
	port, groups, err := parseAddr(addr)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.port != 0 && port != 0 && port != s.port {
		return unix.EINVAL
	}
	if err := s.bound(port); err != nil {
		return err
	}
	for g := 1; g <= 32; g++ {
		on := groups&(1<<(g-1)) != 0
		if g < len(s.groups) {
			s.groups[g] = on
		}
	}
	return nil
}

// bound sees to it that the socket has a port. The lock is held.
func (s *Socket) bound(want uint32) error {
	if s.port != 0 {
		return nil
	}
	port, err := s.hub.claim(s, want, s.process)
	if err == nil {
		s.port = port
	}
	return err
}

// Connect implements engine.Socket.
func (s *Socket) Connect(_ engine.Call, addr []byte) error {
	if len(addr) >= 2 && binary.NativeEndian.Uint16(addr) == unix.AF_UNSPEC {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.peer = 0
		return nil
	}
	port, groups, err := parseAddr(addr)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if groups != 0 {
		return unix.EPERM
	}
	if err := s.bound(0); err != nil {
		return err
	}
	s.peer = port
	return nil
}

// Sockname implements engine.Socket.
func (s *Socket) Sockname(engine.Call) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sockaddr(s.port, s.mask()), nil
}

// Peername implements engine.Socket.
func (s *Socket) Peername(engine.Call) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return sockaddr(s.peer, 0), nil
}

// deliver queues a message from the kernel; group is 0 for a reply.
func (s *Socket) deliver(b []byte, group int) {
	from := uint32(0)
	if group > 0 && group <= 32 {
		from = 1 << (group - 1)
	}
	p := sockcore.Packet{Data: b, Addr: sockaddr(0, from)}
	s.mu.Lock()
	info := s.opts[unix.NETLINK_PKTINFO]
	quiet := s.opts[unix.NETLINK_NO_ENOBUFS]
	s.mu.Unlock()
	cred := s.Int(unix.SO_PASSCRED) != 0
	if info || cred {
		p.Control = func() []byte { return control(info, cred, group) }
	}
	if !s.Push(p) && !quiet {
		s.Fail(unix.ENOBUFS)
	}
}

// control makes the control messages of a received one: its group, and the kernel's
// credentials, which are all zero.
func control(info, cred bool, group int) []byte {
	var b []byte
	put := func(level, typ int, v []byte) {
		b = binary.NativeEndian.AppendUint64(b, uint64(16+len(v)))
		b = binary.NativeEndian.AppendUint32(b, uint32(level))
		b = binary.NativeEndian.AppendUint32(b, uint32(typ))
		b = append(b, v...)
		for len(b)%8 != 0 {
			b = append(b, 0)
		}
	}
	if info {
		put(unix.SOL_NETLINK, unix.NETLINK_PKTINFO, binary.NativeEndian.AppendUint32(nil, uint32(group)))
	}
	if cred {
		put(unix.SOL_SOCKET, unix.SCM_CREDENTIALS, make([]byte, unix.SizeofUcred))
	}
	return b
}
