// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/waiter"

	"vuos.dev/engine"
)

// inet is a socket of AF_INET or AF_INET6.
type inet struct {
	s        *Stack
	endpoint atomic.Pointer[tcpip.Endpoint] // of a stream it may change, see renew
	wq       *waiter.Queue
	entry    waiter.Entry
	notify   atomic.Pointer[func()]

	domain, typ, protocol int

	ino      uint64        // in the stack's books
	shown    atomic.Uint64 // that the guests see, once it is known
	uid, gid uint32

	mu      sync.Mutex
	ints    map[option]int32 // options that have no effect but are remembered
	stamp   time.Time        // of the last packet received, for SIOCGSTAMP
	stamps  stampMode
	inq     bool // TCP_INQ
	filter  *filter
	pending *pendingDatagram // data held back by MSG_MORE or UDP_CORK
	corked  bool
	groups  []membership  // in the order in which they were joined
	rcvTime time.Duration // SO_RCVTIMEO; 0: none
	sndTime time.Duration
	again   again
	errs    errorState

	backlog atomic.Int32 // as listen(2) had it
	deaf    atomic.Bool  // listened until it was shut down for receiving; gVisor's endpoint still does, and refuses what comes
}

// ep is the endpoint. Whoever needs it twice for one purpose keeps it.
func (x *inet) ep() tcpip.Endpoint { return *x.endpoint.Load() }

var (
	_ engine.Socket         = (*inet)(nil)
	_ engine.SocketNumberer = (*inet)(nil)
)

func (s *Stack) newInet(c engine.Call, ep tcpip.Endpoint, wq *waiter.Queue, domain, typ, protocol int) *inet {
	cr := c.Cred()
	x := s.bareInet(ep, wq, domain, typ, protocol, cr.FSUID, cr.FSGID)
	ep.SetOwner(owner{cr.EUID, cr.EGID})
	return x
}

func (s *Stack) bareInet(ep tcpip.Endpoint, wq *waiter.Queue, domain, typ, protocol int, uid, gid uint32) *inet {
	x := &inet{
		s: s, wq: wq, domain: domain, typ: typ, protocol: protocol,
		ino: inodes.Add(1), uid: uid, gid: gid,
	}
	x.endpoint.Store(&ep)
	x.entry.Init(x, waiter.AllEvents)
	wq.EventRegister(&x.entry)
	s.enter(x.ino, x)
	return x
}

// NotifyEvent implements waiter.EventListener.
func (x *inet) NotifyEvent(waiter.EventMask) {
	if f := x.notify.Load(); f != nil {
		(*f)()
	}
}

// Notify implements engine.Socket.
func (x *inet) Notify(f func()) {
	x.notify.Store(&f)
	f()
}

// Inode is the number that /proc/net and sock_diag show for the socket.
func (x *inet) Inode() uint64 {
	if n := x.shown.Load(); n != 0 {
		return n
	}
	return x.ino
}

// Number implements engine.SocketNumberer.
func (x *inet) Number(ino uint64) { x.shown.Store(ino) }

func (x *inet) stream() bool { return x.typ == unix.SOCK_STREAM }

// Ready implements engine.Socket. gVisor reports every event of a TCP endpoint that is
// closed; of those, errors and urgent data are not true.
func (x *inet) Ready() uint32 {
	ev := x.ep().Readiness(waiter.AllEvents)
	if x.stream() {
		ev &^= waiter.EventPri
		if tcp.EndpointState(x.ep().State()) != tcp.StateError {
			ev &^= waiter.EventErr
		}
	}
	if x.failing() {
		ev |= waiter.EventErr
	}
	return ev.ToLinux()
}

// Release implements engine.File. A connection ends in its own time.
func (x *inet) Release(engine.Call) {
	x.notify.Store(nil)
	x.wq.EventUnregister(&x.entry)
	x.s.leave(x.ino)
	x.ep().Close()
}

// abort resets the socket, which stays open for the guest.
func (x *inet) abort() {
	x.ep().Abort()
	x.wq.Notify(waiter.EventHUp | waiter.EventErr | waiter.ReadableEvents | waiter.WritableEvents)
}

// Listen implements engine.Socket.
func (x *inet) Listen(_ engine.Call, backlog int) error {
	if !x.stream() {
		return unix.EOPNOTSUPP
	}
	if backlog < 0 || backlog > maxBacklog {
		backlog = maxBacklog
	}
	err := errno(x.ep().Listen(max(backlog, 1)))
	if err == nil {
		x.backlog.Store(int32(backlog))
		x.deaf.Store(false)
	}
	return err
}

// listening tells whether the socket is in the state LISTEN.
func (x *inet) listening() bool {
	return x.stream() && tcp.EndpointState(x.ep().State()) == tcp.StateListen && !x.deaf.Load()
}

// maxBacklog is net.core.somaxconn.
const maxBacklog = 4096

// Accept implements engine.Socket.
func (x *inet) Accept(engine.Call) (engine.Socket, []byte, error) {
	if !x.stream() {
		return nil, nil, unix.EOPNOTSUPP
	}
	var peer tcpip.FullAddress
	ep, wq, err := x.ep().Accept(&peer)
	if err != nil {
		return nil, nil, errno(err)
	}
	n := x.s.bareInet(ep, wq, x.domain, x.typ, x.protocol, x.uid, x.gid)
	x.mu.Lock()
	n.stamps, n.inq, n.rcvTime, n.sndTime = x.stamps, x.inq, x.rcvTime, x.sndTime
	for k, v := range x.ints {
		n.remember(k, v)
	}
	x.mu.Unlock()
	return n, sockaddr(x.domain, peer), nil
}

// Sockname implements engine.Socket.
func (x *inet) Sockname(engine.Call) ([]byte, error) {
	a, err := x.ep().GetLocalAddress()
	if err != nil {
		return nil, errno(err)
	}
	return sockaddr(x.domain, x.rawName(a)), nil
}

// Peername implements engine.Socket.
func (x *inet) Peername(engine.Call) ([]byte, error) {
	a, err := x.ep().GetRemoteAddress()
	if err != nil {
		return nil, errno(err)
	}
	return sockaddr(x.domain, x.rawName(a)), nil
}

// rawName gives raw sockets the "port" that the kernel shows for them: their
// protocol in sockname, none in IPv6.
func (x *inet) rawName(a tcpip.FullAddress) tcpip.FullAddress {
	if x.typ == unix.SOCK_RAW {
		a.Port = 0
		if x.domain == unix.AF_INET {
			a.Port = uint16(x.protocol)
		}
	}
	return a
}

// Shutdown implements engine.Socket.
func (x *inet) Shutdown(_ engine.Call, how int) error {
	flags := map[int]tcpip.ShutdownFlags{
		unix.SHUT_RD:   tcpip.ShutdownRead,
		unix.SHUT_WR:   tcpip.ShutdownWrite,
		unix.SHUT_RDWR: tcpip.ShutdownRead | tcpip.ShutdownWrite,
	}
	f, ok := flags[how]
	if !ok {
		return unix.EINVAL
	}
	stops := how != unix.SHUT_WR && x.listening()
	err := errno(x.ep().Shutdown(f))
	if err == nil && stops {
		x.deaf.Store(true)
	}
	return err
}
