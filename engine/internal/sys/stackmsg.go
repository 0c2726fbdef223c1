// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"encoding/binary"
	"time"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/sockfd"
)

// offMsgLen is where in a struct mmsghdr the count is.
const offMsgLen = sizeMsghdr

// optMemMax is net.core.optmem_max, in bytes.
const optMemMax = 20 << 10

// vectors checks and reads what a struct msghdr points to (net/socket.c:copy_msghdr_from_user()).
func (c *call) vectors(h *msghdr) ([]iovec, error) {
	switch {
	case h.name() != 0 && h.nameLen() < 0:
		return nil, unix.EINVAL
	case h.iovLen() > iovMax:
		return nil, unix.EMSGSIZE
	}
	return c.iovecs(h.iov(), h.iovLen())
}

// stackSendmsg is sendmsg(fd, msg, flags) on a socket without a stream.
func (c *call) stackSendmsg(x *sockfd.Socket) reply {
	n, err := c.sendOne(x, c.n.Args[1], c.fd(2))
	return c.waited(n, err, time.Duration(x.SendTimeout.Load()))
}

func (c *call) sendOne(x *sockfd.Socket, at uint64, flags int) (int, error) {
	h, err := c.msghdr(at)
	if err != nil {
		return 0, err
	}
	vec, err := c.vectors(h)
	if err != nil {
		return 0, err
	}
	var m engine.Message
	if h.name() != 0 && h.nameLen() > 0 {
		if m.Addr, err = c.sockaddr(h.name(), uint64(min(h.nameLen(), maxSockaddr))); err != nil {
			return 0, err
		}
	}
	if h.controlLen() > optMemMax {
		return 0, unix.ENOBUFS
	}
	if h.hasControl() {
		m.Control = make([]byte, h.controlLen())
		if _, err := c.mem().ReadAt(m.Control, h.control()); err != nil {
			return 0, err
		}
	}
	return c.send(x, vec, m, flags)
}

// stackSendmmsg is sendmmsg(fd, vec, n, flags) on a socket without a stream.
func (c *call) stackSendmmsg(x *sockfd.Socket) reply {
	return c.each(x.SendTimeout.Load(), func(at uint64, _ bool) (int, error) {
		return c.sendOne(x, at, c.fd(3))
	})
}

// each is sendmmsg and recvmmsg: one message after the other until one fails.
func (c *call) each(timeout int64, do func(at uint64, first bool) (int, error)) reply {
	done := 0
	for i := range min(uint64(uint32(c.n.Args[2])), iovMax) {
		at := c.n.Args[1] + i*sizeMmsghdr
		n, err := do(at, i == 0)
		if err == nil {
			_, err = c.mem().WriteAt(binary.NativeEndian.AppendUint32(nil, uint32(n)), at+offMsgLen)
		}
		if err != nil {
			if done > 0 {
				break
			}
			return c.waited(0, err, time.Duration(timeout))
		}
		done++
	}
	return ok(int64(done))
}

// stackRecvmsg is recvmsg(fd, msg, flags) on a socket without a stream.
func (c *call) stackRecvmsg(x *sockfd.Socket) reply {
	n, err := c.recvOne(x, c.n.Args[1], c.fd(2))
	return c.waited(n, err, time.Duration(x.ReceiveTimeout.Load()))
}

// stackRecvmmsg is recvmmsg(fd, vec, n, flags, timeout) on a socket without a stream. The time-out counts between messages,
// as the kernel has it.
func (c *call) stackRecvmmsg(x *sockfd.Socket) reply {
	until, err := c.deadlineArg(c.n.Args[4])
	if err != nil {
		return c.result(err)
	}
	flags := c.fd(3)
	return c.each(x.ReceiveTimeout.Load(), func(at uint64, first bool) (int, error) {
		if !first && !until.IsZero() && time.Now().After(until) {
			return 0, unix.EAGAIN
		}
		f := flags
		if !first && flags&unix.MSG_WAITFORONE != 0 {
			f |= unix.MSG_DONTWAIT
		}
		return c.recvOne(x, at, f)
	})
}

func (c *call) recvOne(x *sockfd.Socket, at uint64, flags int) (int, error) {
	h, err := c.msghdr(at)
	if err != nil {
		return 0, err
	}
	vec, err := c.vectors(h)
	if err != nil {
		return 0, err
	}
	n, m, err := c.receiveInto(x, vec, flags)
	if err != nil {
		return 0, err
	}
	room := uint64(0)
	if h.hasControl() {
		room = h.controlLen()
	}
	control, cut := fitControl(m.Control, room)
	if cut {
		m.Flags |= unix.MSG_CTRUNC
	}
	return n, h.fill(c, m.Addr, control, m.Flags)
}

// fitControl cuts control messages to the room there is (net/core/scm.c:put_cmsg()): the last one that fits in part
// is cut, and says so in its length.
func fitControl(b []byte, room uint64) (out []byte, cut bool) {
	if uint64(len(b)) <= room {
		return b, false
	}
	for m := range controlMessages(b) {
		left := room - uint64(len(out))
		if left < sizeCmsghdr {
			break
		}
		out = append(out, m[:min(uint64(len(m)), left)]...)
		if uint64(len(m)) > left {
			binary.NativeEndian.PutUint64(out[uint64(len(out))-left:], left)
			break
		}
		for len(out)%8 != 0 && uint64(len(out)) < room {
			out = append(out, 0)
		}
	}
	return out, true
}
