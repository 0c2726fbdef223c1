// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"errors"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/guest"
	"vuos.dev/engine/internal/sockfd"
)

const (
	// lingerMost is how long the end of the last guest waits for data to be sent, lingerUnmount an unmount, and
	// lingerBind a bind whose address is in use.
	lingerMost    = 10 * time.Second
	lingerUnmount = time.Second
	lingerBind    = 100 * time.Millisecond

	maxSockaddr = 128 // sizeof(struct sockaddr_storage)
)

// socket is the socket of a stack that descriptor fd of the guest is, or nil.
func (c *call) socket(fd int) *sockfd.Socket {
	if fd < 0 || c.s.socks.Live() == 0 {
		return nil
	}
	var buf [64]byte
	link, err := guest.FDLink(c.TID(), fd, buf[:])
	if err != nil {
		return nil
	}
	return c.s.socks.ByLink(link)
}

// datagram is socket, but nil for a stream, whose data is the kernel's to move.
func (c *call) datagram(fd int) *sockfd.Socket {
	if x := c.socket(fd); x != nil && !x.IsStream() {
		return x
	}
	return nil
}

// take makes a descriptor of umvu's for the first argument.
func (c *call) take() (int, error) { return guest.Take(c.TID(), c.fd(0)) }

// nonblocking tells whether the first argument is O_NONBLOCK.
func (c *call) nonblocking() bool {
	own, err := c.take()
	if err != nil {
		return true
	}
	defer unix.Close(own)
	fl, err := unix.FcntlInt(uintptr(own), unix.F_GETFL, 0)
	return err != nil || fl&unix.O_NONBLOCK != 0
}

// settle lets the stand-in of a socket poll as the socket does after a call on it. lacked are the events that
// the call found not to be, of POLLIN and POLLOUT.
func (c *call) settle(x *sockfd.Socket, lacked uint32) {
	if x.IsStream() || x.Settled(lacked) {
		return
	}
	own, err := c.take()
	if err != nil {
		return
	}
	defer unix.Close(own)
	x.Settle(own, lacked)
}

// waited is the reply for a call that may have waited. One with a time-out is not restarted
// (include/net/sock.h:sock_intr_errno()).
func (c *call) waited(n int, err error, timeout time.Duration) reply {
	if err == nil {
		return ok(int64(n))
	}
	if timeout > 0 && errors.Is(err, unix.EINTR) {
		return fail(unix.EINTR)
	}
	return c.result(err)
}

// sockaddr copies an address argument (net/socket.c:move_addr_to_kernel()).
func (c *call) sockaddr(addr, size uint64) ([]byte, error) {
	n := int32(size)
	if n < 0 || n > maxSockaddr {
		return nil, unix.EINVAL
	}
	b := make([]byte, n)
	_, err := c.mem().ReadAt(b, addr)
	return b, err
}

// stackBind is bind(fd, addr, len) in a stack.
func (c *call) stackBind(x *sockfd.Socket) reply {
	a, err := c.sockaddr(c.n.Args[1], c.n.Args[2])
	if err != nil {
		return c.result(err)
	}
	defer c.settle(x, 0)
	err = x.Bind(c, a)
	if err == unix.EADDRINUSE {
		// By one that was closed just now, perhaps: it is released when its last close is known.
		c.Block()
		c.s.socks.Drain(lingerBind)
		err = x.Bind(c, a)
	}
	return c.result(err)
}

// stackConnect is connect(fd, addr, len) in a stack.
func (c *call) stackConnect(x *sockfd.Socket) reply {
	a, err := c.sockaddr(c.n.Args[1], c.n.Args[2])
	if err != nil {
		return c.result(err)
	}
	if !x.IsStream() {
		defer c.settle(x, 0)
		return c.result(x.Connect(c, a))
	}
	err = x.Dial(c, a, c.take, c.nonblocking)
	return c.waited(0, err, time.Duration(x.SendTimeout.Load()))
}

// sysListen is listen(fd, backlog).
func sysListen(c *call) reply {
	x := c.socket(c.fd(0))
	if x == nil {
		return native
	}
	if !x.IsStream() {
		return c.result(x.Listen(c, c.fd(1)))
	}
	return c.withFD(c.fd(0), func(own int) reply { return c.result(x.ListenOn(c, own, c.fd(1))) })
}

func sysAccept(c *call) reply  { return c.accept(0) }
func sysAccept4(c *call) reply { return c.accept(c.fd(3)) }

// accept is accept4(fd, addr, len, flags).
func (c *call) accept(flags int) reply {
	x := c.socket(c.fd(0))
	switch {
	case x == nil:
		return native
	case flags&^sockFlags != 0:
		return fail(unix.EINVAL)
	case !x.IsStream():
		return fail(unix.EOPNOTSUPP)
	case !x.Listening():
		return fail(unix.EINVAL)
	}
	lim, err := guest.GetLimit(c.TID(), unix.RLIMIT_NOFILE)
	if err == nil && c.full(lim.Cur) {
		return fail(unix.EMFILE) // before a connection is taken
	}
	return c.withFD(c.fd(0), func(own int) reply { return c.acceptOn(x, own, flags) })
}

func (c *call) acceptOn(x *sockfd.Socket, own, flags int) reply {
	fd := -1
	var name []byte
	try := func() (err error) {
		_, fd, name, err = x.Take(own, flags&unix.SOCK_NONBLOCK != 0)
		return err
	}
	err := try()
	if err == unix.EAGAIN && !c.nonblocking() {
		timeout := time.Duration(x.ReceiveTimeout.Load())
		if err = x.Await(c, timeout, x.Arrived, try); err != nil {
			return c.waited(0, err, timeout)
		}
	}
	if err != nil {
		return c.result(err)
	}
	defer unix.Close(fd)
	if c.n.Args[1] != 0 {
		if r := c.putSockaddr(name, c.n.Args[1], c.n.Args[2]); r.errno != 0 {
			return r
		}
	}
	n, err := c.s.listener.AddLowest(c.n.ID, fd, flags&unix.SOCK_CLOEXEC != 0)
	if err != nil {
		return c.result(err)
	}
	return ok(int64(n))
}

// stackName is getsockname and getpeername(fd, addr, len) in a stack.
func (c *call) stackName(x *sockfd.Socket) reply {
	get := x.Sockname
	if int(c.n.NR) == unix.SYS_GETPEERNAME {
		get = x.Peername
	}
	name, err := get(c)
	if err != nil {
		return c.result(err)
	}
	return c.putSockaddr(name, c.n.Args[1], c.n.Args[2])
}

// sysShutdown is shutdown(fd, how). That of a stream is the kernel's: what was written before goes to the stack
// first.
func sysShutdown(c *call) reply {
	x := c.socket(c.fd(0))
	if x == nil {
		return native
	}
	how := c.fd(1)
	if how < unix.SHUT_RD || how > unix.SHUT_RDWR {
		return fail(unix.EINVAL)
	}
	if !x.IsStream() {
		defer c.settle(x, 0)
		return c.result(x.Shutdown(c, how))
	}
	if x.Established() {
		if how != unix.SHUT_WR {
			_ = x.Shutdown(c, unix.SHUT_RD) // what fails now was over before
		}
		if how != unix.SHUT_RD {
			x.ShutSending()
		}
		return native
	}
	err := x.Shutdown(c, how)
	if err == nil && how != unix.SHUT_WR && x.Listening() {
		return c.withFD(c.fd(0), func(own int) reply {
			x.StopListening(own)
			return ok(0)
		})
	}
	return c.result(err)
}

// stackIoctl is ioctl(fd, request, arg) in a stack.
func (c *call) stackIoctl(x *sockfd.Socket) reply {
	const fionbio, fioasync, fioclex, fionclex = 0x5421, 0x5452, 0x5451, 0x5450
	cmd := uint32(c.n.Args[1])
	switch cmd {
	case fionbio, fioasync, fioclex, fionclex:
		return native
	case unix.TIOCINQ:
		if x.IsStream() && x.Established() {
			return native
		}
	}
	n, err := x.Ioctl(c, c.mem(), cmd, c.n.Args[2])
	if err != nil {
		return c.result(err)
	}
	return ok(int64(n))
}

// interfaceIoctl is ioctl(2) about interfaces, routes and neighbours on a socket of the kernel's, mostly of AF_UNIX, for which any
// socket serves (net/socket.c:sock_ioctl()): it tells of the caller's default stack.
func (c *call) interfaceIoctl() reply {
	const first, last = unix.SIOCADDRT, 0x89ff
	if cmd := c.n.Args[1]; uint32(cmd) < first || uint32(cmd) > last || c.s.tasks.Only() {
		return native
	}
	stacks := c.task().Stacks
	at := stacks.Of(unix.AF_NETLINK)
	if at.IsZero() {
		at = stacks.Of(unix.AF_INET)
	}
	if at.IsZero() {
		return native
	}
	var buf [64]byte
	link, err := guest.FDLink(c.TID(), c.fd(0), buf[:])
	if err != nil || !strings.HasPrefix(string(link), "socket:") {
		return native
	}
	s, err := at.Node.(engine.Stack).Socket(c, unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return fail(unix.ENOTTY)
	}
	if _, isHost := s.(engine.HostSocket); isHost {
		s.Release(c)
		return native
	}
	defer s.Release(c)
	n, err := s.Ioctl(c, c.mem(), uint32(c.n.Args[1]), c.n.Args[2])
	if err != nil {
		return c.result(err)
	}
	return ok(int64(n))
}
