// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"encoding/binary"
	"time"

	"golang.org/x/sys/unix"
)

// sysRecvmsg is recvmsg(fd, msg, flags). The kernel would give the descriptors that a message brings the lowest
// free numbers; virtual ones belong into the zone, so a message with such is received by umvu and handed on. It is looked
// at before: all others are the kernel's to receive.
func sysRecvmsg(c *call) reply {
	if x := c.socket(c.fd(0)); x != nil {
		if x.IsStream() {
			return native
		}
		return c.stackRecvmsg(x)
	}
	if !c.mayBringVirtual() {
		return native
	}
	h, err := c.msghdr(c.n.Args[1])
	if err != nil || !h.hasControl() {
		return native
	}
	flags := c.fd(2)
	return c.onUnixSocket(flags, func(own int) reply {
		virtual, err := c.nextBringsVirtual(own, h, flags)
		if err != nil {
			return c.result(err)
		}
		if !virtual {
			return native
		}
		return c.count(c.receive(own, h, flags))
	})
}

// mayBringVirtual tells whether there are virtual descriptors, or may be by the time a message comes.
func (c *call) mayBringVirtual() bool { return c.s.mounts.Load() > 0 || c.s.files.Live() > 0 }

// onUnixSocket runs f with a descriptor of umvu's for the guest's socket, if that can bring descriptors at all.
func (c *call) onUnixSocket(flags int, f func(own int) reply) reply {
	if flags&(unix.MSG_ERRQUEUE|unix.MSG_OOB) != 0 {
		return native
	}
	return c.withFD(c.fd(0), func(own int) reply {
		domain, err := unix.GetsockoptInt(own, unix.SOL_SOCKET, unix.SO_DOMAIN)
		if err != nil || domain != unix.AF_UNIX {
			return native
		}
		if at, err := unix.GetsockoptInt(own, unix.SOL_SOCKET, unix.SO_PEEK_OFF); err != nil || at >= 0 {
			return native // to look would move it
		}
		return f(own)
	})
}

// nextBringsVirtual waits for a message as the guest would and tells whether it brings virtual descriptors.
func (c *call) nextBringsVirtual(own int, h *msghdr, flags int) (bool, error) {
	vec, err := c.iovecs(h.iov(), h.iovLen())
	if err != nil {
		return false, nil // the kernel says what is wrong
	}
	buf := chunks.Get().(*[]byte)
	defer chunks.Put(buf)
	control := make([]byte, min(h.controlLen(), maxControl))
	p := (*buf)[:span(vec, chunkBytes)]
	oobn := 0
	err = c.waiting(own, flags, func() (err error) {
		_, oobn, _, _, err = unix.Recvmsg(own, p, control, unix.MSG_PEEK|unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
		return err
	})
	if err != nil {
		return false, err
	}
	return c.closeLooked(control[:oobn]), nil
}

// closeLooked closes the descriptors in control data that was only looked at, and tells whether there are virtual
// ones among them.
func (c *call) closeLooked(control []byte) (virtual bool) {
	for m := range controlMessages(control) {
		for fd := range m.fds() {
			if fd >= 0 {
				virtual = virtual || c.s.zoned(fd)
				unix.Close(fd)
			}
		}
	}
	return virtual
}

// receive receives one message and hands it to the guest.
func (c *call) receive(own int, h *msghdr, flags int) (int, error) {
	vec, err := c.iovecs(h.iov(), h.iovLen())
	if err != nil {
		return 0, err
	}
	buf := chunks.Get().(*[]byte)
	defer chunks.Put(buf)
	control := make([]byte, min(h.controlLen(), maxControl))
	p := (*buf)[:span(vec, chunkBytes)]
	var n, oobn, got int
	var from unix.Sockaddr
	err = c.waiting(own, flags, func() (err error) {
		n, oobn, got, from, err = unix.Recvmsg(own, p, control, flags|unix.MSG_DONTWAIT|unix.MSG_CMSG_CLOEXEC)
		return err
	})
	if err != nil {
		return 0, err
	}
	cloexec := flags & unix.MSG_CMSG_CLOEXEC
	control, cut := c.installPassed(control[:oobn], cloexec != 0)
	if cut {
		got |= unix.MSG_CTRUNC
	}
	if _, err := c.scatter(&vec, p[:min(n, len(p))]); err != nil {
		return 0, err
	}
	return n, h.fill(c, c.senderName(from), control, got&^unix.MSG_CMSG_CLOEXEC|cloexec)
}

// waiting calls receive, which does not wait, until it has something or the guest would not wait any more: it is in
// non-blocking mode, its SO_RCVTIMEO is over, or it has a signal to handle.
func (c *call) waiting(own, flags int, receive func() error) error {
	err := receive()
	if err != unix.EAGAIN || flags&unix.MSG_DONTWAIT != 0 {
		return err
	}
	fl, ferr := unix.FcntlInt(uintptr(own), unix.F_GETFL, 0)
	if ferr != nil || fl&unix.O_NONBLOCK != 0 {
		return err
	}
	var end time.Time
	if tv, err := unix.GetsockoptTimeval(own, unix.SOL_SOCKET, unix.SO_RCVTIMEO); err == nil && *tv != (unix.Timeval{}) {
		end = time.Now().Add(time.Duration(tv.Nano()))
	}
	for err == unix.EAGAIN {
		if err := c.poll(own, unix.POLLIN, end); err != nil {
			return err
		}
		err = receive()
	}
	return err
}

// sysRecvmmsg is recvmmsg(fd, vec, n, flags, timeout). The messages of a socket that can bring descriptors are received
// one by one (net/socket.c:do_recvmmsg()).
func sysRecvmmsg(c *call) reply {
	if x := c.socket(c.fd(0)); x != nil {
		if x.IsStream() {
			return native
		}
		return c.stackRecvmmsg(x)
	}
	const waitForOne = 0x10000 // MSG_WAITFORONE
	vec, count, flags := c.n.Args[1], min(c.n.Args[2], iovMax), c.fd(3)
	h, err := c.msghdr(vec)
	if !c.mayBringVirtual() || count == 0 || err != nil || !h.hasControl() {
		return native
	}
	until, err := c.deadlineArg(c.n.Args[4])
	if err != nil {
		return c.result(err)
	}
	return c.onUnixSocket(flags, func(own int) reply {
		for i := range count {
			at := vec + i*sizeMmsghdr
			n, err := 0, error(nil)
			if h, err = c.msghdr(at); err == nil {
				n, err = c.receive(own, h, flags&^waitForOne)
			}
			if err == nil {
				_, err = c.mem().WriteAt(binary.NativeEndian.AppendUint32(nil, uint32(n)), at+sizeMsghdr)
			}
			if err != nil {
				return c.count(int(i), err)
			}
			if flags&waitForOne != 0 {
				flags |= unix.MSG_DONTWAIT
			}
			if !until.IsZero() && !time.Now().Before(until) {
				return ok(int64(i + 1))
			}
		}
		return ok(int64(count))
	})
}

// deadlineArg is when the time in a struct timespec is over, or never for NULL.
func (c *call) deadlineArg(addr uint64) (time.Time, error) {
	if addr == 0 {
		return time.Time{}, nil
	}
	var b [16]byte
	if _, err := c.mem().ReadAt(b[:], addr); err != nil {
		return time.Time{}, err
	}
	sec, nsec := int64(binary.NativeEndian.Uint64(b[:])), int64(binary.NativeEndian.Uint64(b[8:]))
	if sec < 0 || nsec < 0 || nsec >= 1e9 {
		return time.Time{}, unix.EINVAL
	}
	return time.Now().Add(time.Duration(min(sec, 1<<32))*time.Second + time.Duration(nsec)), nil
}
