// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"time"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/sockfd"
)

// callFlags are the MSG_* flags that are the call's and not the stack's.
const callFlags = unix.MSG_DONTWAIT | unix.MSG_NOSIGNAL | unix.MSG_WAITFORONE | unix.MSG_CMSG_CLOEXEC

// recvMessage receives a message, which may wait.
func (c *call) recvMessage(x *sockfd.Socket, m *engine.Message, flags int) (n int, err error) {
	try := func() (err error) {
		n, err = x.Recv(c, m, flags&^callFlags)
		return err
	}
	switch err = try(); {
	case err != unix.EAGAIN || flags&unix.MSG_ERRQUEUE != 0:
		c.settle(x, 0)
	case flags&unix.MSG_DONTWAIT != 0 || c.nonblocking():
		c.settle(x, unix.POLLIN)
	default:
		err = x.Await(c, time.Duration(x.ReceiveTimeout.Load()), x.Changed, try)
		c.settle(x, 0)
	}
	return n, err
}

// sendMessage sends a message, which may wait for room.
func (c *call) sendMessage(x *sockfd.Socket, m *engine.Message, flags int) (n int, err error) {
	try := func() (err error) {
		n, err = x.Send(c, m, flags&^callFlags)
		return err
	}
	err = try()
	if err == unix.EAGAIN {
		if flags&unix.MSG_DONTWAIT != 0 || c.nonblocking() {
			c.settle(x, unix.POLLOUT)
			return n, err
		}
		err = x.Await(c, time.Duration(x.SendTimeout.Load()), x.Changed, try)
	}
	c.settle(x, 0)
	return n, err
}

// receiveInto is recv in all forms: data goes to vec.
func (c *call) receiveInto(x *sockfd.Socket, vec []iovec, flags int) (n int, m engine.Message, err error) {
	buf := chunks.Get().(*[]byte)
	defer chunks.Put(buf)
	m.Data = (*buf)[:span(vec, chunkBytes)]
	n, err = c.recvMessage(x, &m, flags)
	if err == nil {
		_, err = c.scatter(&vec, m.Data[:min(n, len(m.Data))])
	}
	m.Data = nil
	return n, m, err
}

// send is send in all forms: data comes from vec.
func (c *call) send(x *sockfd.Socket, vec []iovec, m engine.Message, flags int) (int, error) {
	total := uint64(0)
	for _, v := range vec {
		total += v.n
	}
	if total > chunkBytes {
		return 0, unix.EMSGSIZE
	}
	buf := chunks.Get().(*[]byte)
	defer chunks.Put(buf)
	n, err := c.gather(&vec, (*buf)[:total])
	if err != nil {
		return 0, err
	}
	m.Data = (*buf)[:n]
	return c.sendMessage(x, &m, flags)
}

// messageRW is read and write on a socket without a stream.
func (c *call) messageRW(x *sockfd.Socket, mem func(*call) ([]iovec, error), where func(*call, *transfer) error, write bool) reply {
	var t transfer
	if where != nil {
		if err := where(c, &t); err != nil {
			return c.result(err)
		}
		if t.at {
			return fail(unix.ESPIPE)
		}
	}
	vec, err := mem(c)
	if err != nil {
		return c.result(err)
	}
	flags := 0
	if t.flags&unix.RWF_NOWAIT != 0 {
		flags = unix.MSG_DONTWAIT
	}
	if write {
		return c.sent(x, vec, engine.Message{}, flags)
	}
	if len(vec) == 0 {
		return ok(0) // net/socket.c:sock_read_iter()
	}
	n, _, err := c.receiveInto(x, vec, flags)
	return c.waited(n, err, time.Duration(x.ReceiveTimeout.Load()))
}

func (c *call) sent(x *sockfd.Socket, vec []iovec, m engine.Message, flags int) reply {
	n, err := c.send(x, vec, m, flags)
	return c.waited(n, err, time.Duration(x.SendTimeout.Load()))
}

// stackSendto is sendto(fd, buf, len, flags, addr, addrlen). A stream ignores the address.
func (c *call) stackSendto(x *sockfd.Socket) reply {
	vec, err := buffer(c)
	if err != nil {
		return c.result(err)
	}
	flags := c.fd(3)
	if x.IsStream() {
		return c.sendOn(vec, flags)
	}
	var m engine.Message
	if c.n.Args[4] != 0 {
		if m.Addr, err = c.sockaddr(c.n.Args[4], c.n.Args[5]); err != nil {
			return c.result(err)
		}
	}
	return c.sent(x, vec, m, flags)
}

// sendOn sends on the stand-in of a stream, for a call that has an address.
func (c *call) sendOn(vec []iovec, flags int) reply {
	if c.n.Args[4] == 0 {
		return native
	}
	if flags&unix.MSG_FASTOPEN != 0 {
		return fail(unix.EOPNOTSUPP)
	}
	c.Block()
	return c.withFD(c.fd(0), func(own int) reply {
		return c.count(c.fromGuest(vec, func(p []byte) (int, error) {
			return unix.SendmsgN(own, p, nil, nil, flags|unix.MSG_NOSIGNAL)
		}))
	})
}

// sysRecvfrom is recvfrom(fd, buf, len, flags, addr, addrlen).
func sysRecvfrom(c *call) reply {
	x := c.datagram(c.fd(0))
	if x == nil {
		return native
	}
	vec, err := buffer(c)
	if err != nil {
		return c.result(err)
	}
	n, m, err := c.receiveInto(x, vec, c.fd(3))
	if err == nil && c.n.Args[4] != 0 {
		if r := c.putSockaddr(m.Addr, c.n.Args[4], c.n.Args[5]); r.errno != 0 {
			return r
		}
	}
	return c.waited(n, err, time.Duration(x.ReceiveTimeout.Load()))
}
