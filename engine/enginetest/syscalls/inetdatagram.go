// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"encoding/binary"
	"time"

	"golang.org/x/sys/unix"
)

func inetDatagram(t *T) {
	r, port := t.bound(unix.SOCK_DGRAM)
	s, from := t.bound(unix.SOCK_DGRAM)
	t.Returns(6, unix.SYS_SENDTO, s, []byte("abcdef"), 6, 0, loopback(port), 16)
	same(t, "events", t.polled(r, unix.POLLIN), unix.POLLIN|unix.POLLOUT)
	p, name, size := make([]byte, 9), make([]byte, 20), int32(20)
	t.Returns(6, unix.SYS_RECVFROM, r, p, 3, unix.MSG_PEEK|unix.MSG_TRUNC, nil, nil)
	t.Returns(6, unix.SYS_RECVFROM, r, p, 9, 0, name, &size)
	same(t, "data", string(p[:6]), "abcdef")
	same(t, "sender", string(name[:size]), string(loopback(from)))
	same(t, "events", t.shows(r), unix.POLLOUT)
	t.Fails(unix.EAGAIN, unix.SYS_RECVFROM, r, p, 9, unix.MSG_DONTWAIT, nil, nil)
	t.Do(unix.SYS_CONNECT, s, loopback(port), 16)
	t.Returns(0, unix.SYS_SENDTO, s, nil, 0, 0, nil, 0)
	t.polled(r, unix.POLLIN)
	same(t, "empty", t.Read(r, 9), "")
	t.Write(s, "one")
	t.Write(s, "two")
	same(t, "first", t.Read(r, 9), "one")
	same(t, "second", t.Read(r, 2), "tw")
	d := t.Do(unix.SYS_DUP, s)
	t.Close(s)
	t.Write(d, "dup")
	same(t, "received", t.Read(r, 9), "dup")
	t.Fails(unix.EMSGSIZE, unix.SYS_SENDTO, d, make([]byte, 70000), 70000, 0, nil, 0)
}

func inetDatagramRefused(t *T) {
	s := t.inet(unix.SOCK_DGRAM)
	t.Do(unix.SYS_CONNECT, s, loopback(t.closedPort()), 16)
	for range 2 {
		t.Write(s, "x")
		got := t.polled(s, unix.POLLIN)
		t.Check(got&unix.POLLERR != 0, "events of a refused datagram: %#x", got)
		t.Fails(unix.ECONNREFUSED, unix.SYS_READ, s, make([]byte, 1), 1)
		same(t, "events", t.shows(s), unix.POLLOUT)
	}
}

// message is a struct msghdr with one buffer.
func message(data []byte, control []byte) (h unix.Msghdr, iov *unix.Iovec) {
	iov = &unix.Iovec{}
	iov.Base = &data[0]
	iov.SetLen(len(data))
	h.Iov, h.Iovlen = iov, 1
	if len(control) > 0 {
		h.Control = &control[0]
		h.SetControllen(len(control))
	}
	return h, iov
}

func inetDatagramControl(t *T) {
	r, port := t.bound(unix.SOCK_DGRAM)
	t.setOption(r, unix.SOL_IP, unix.IP_PKTINFO, 1)
	s := t.inet(unix.SOCK_DGRAM)
	data, control := make([]byte, 2), make([]byte, 100)
	for _, room := range []int{100, 20, 0} {
		t.Returns(3, unix.SYS_SENDTO, s, []byte("abc"), 3, 0, loopback(port), 16)
		h, _ := message(data, control[:room])
		t.Returns(2, unix.SYS_RECVMSG, r, &h, 0)
		want := int32(unix.MSG_TRUNC)
		if room < 100 {
			want |= unix.MSG_CTRUNC
		}
		same(t, "flags", h.Flags, want)
		same(t, "room used", int(h.Controllen), min(room, 32))
	}
	same(t, "address", string(control[24:28]), string([]byte{127, 0, 0, 1}))
}

// inetDatagramPassed passes a datagram socket over another socket.
func inetDatagramPassed(t *T) {
	r, port := t.bound(unix.SOCK_DGRAM)
	a, b := t.pair()
	t.pass(a, r)
	t.Close(r)
	got := t.received(b, 1)[0]
	s := t.inet(unix.SOCK_DGRAM)
	t.Returns(1, unix.SYS_SENDTO, s, []byte("x"), 1, 0, loopback(port), 16)
	same(t, "received", t.Read(got, 9), "x")
}

// inetEdges: edge-triggered epoll tells of each change once.
func inetEdges(t *T) {
	r, port := t.bound(unix.SOCK_DGRAM)
	s := t.inet(unix.SOCK_DGRAM)
	e := t.Do(unix.SYS_EPOLL_CREATE1, unix.EPOLL_CLOEXEC)
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: int32(r)}
	t.NoError(unix.EpollCtl(e, unix.EPOLL_CTL_ADD, r, &ev), "epoll_ctl")
	events := make([]unix.EpollEvent, 4)
	wait := func(ms, want int) {
		n, err := unix.EpollWait(e, events, ms)
		for err == unix.EINTR {
			n, err = unix.EpollWait(e, events, ms)
		}
		t.NoError(err, "epoll_wait")
		same(t, "events", n, want)
	}
	for range 3 {
		wait(0, 0)
		t.Returns(1, unix.SYS_SENDTO, s, []byte("x"), 1, 0, loopback(port), 16)
		wait(10000, 1)
		wait(0, 0)
		t.Read(r, 9)
		t.Fails(unix.EAGAIN, unix.SYS_RECVFROM, r, make([]byte, 1), 1, unix.MSG_DONTWAIT, nil, nil)
	}
}

// inetTimeouts: SO_RCVTIMEO ends a wait, not before its time.
func inetTimeouts(t *T) {
	a, _ := t.connection()
	d, _ := t.bound(unix.SOCK_DGRAM)
	l, _ := t.bound(unix.SOCK_STREAM)
	t.Do(unix.SYS_LISTEN, l, 1)
	const wait = 50 * time.Millisecond
	for _, fd := range []int{a, d, l} {
		tv := unix.NsecToTimeval(int64(wait))
		t.Do(unix.SYS_SETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tv, 16)
		var err error = unix.EINTR
		var begin time.Time
		for err == unix.EINTR { // a signal of Go's runtime
			begin = time.Now()
			if fd == l {
				_, err = sys(unix.SYS_ACCEPT4, fd, nil, nil, 0)
			} else {
				_, err = sys(unix.SYS_READ, fd, make([]byte, 1), 1)
			}
		}
		same(t, "error", err, error(unix.EAGAIN))
		t.Check(time.Since(begin) >= wait-5*time.Millisecond, "it waited %v", time.Since(begin))
		var back unix.Timeval
		size := int32(16)
		t.Do(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &back, &size)
		t.Check(back.Nano() >= int64(wait) && back.Nano() < 2*int64(wait), "time-out %v", back)
	}
}

// inetMultiple is sendmmsg and recvmmsg.
func inetMultiple(t *T) {
	r, port := t.bound(unix.SOCK_DGRAM)
	s := t.inet(unix.SOCK_DGRAM)
	t.Do(unix.SYS_CONNECT, s, loopback(port), 16)
	const sizeMmsghdr = 64
	vec := make([]byte, 3*sizeMmsghdr)
	var keep []*unix.Iovec
	data := [3][]byte{[]byte("a"), []byte("bc"), []byte("def")}
	for i, d := range data {
		h, iov := message(d, nil)
		keep = append(keep, iov)
		copy(vec[i*sizeMmsghdr:], bytesOf(&h))
	}
	t.Returns(3, unix.SYS_SENDMMSG, s, vec, 3, 0)
	for i := range data {
		same(t, "sent", binary.NativeEndian.Uint32(vec[i*sizeMmsghdr+56:]), uint32(i+1))
		clear(data[i])
	}
	t.polled(r, unix.POLLIN)
	t.Returns(2, unix.SYS_RECVMMSG, r, vec, 2, 0, nil)
	same(t, "second", string(data[1]), "bc")
	t.Returns(1, unix.SYS_RECVMMSG, r, vec[2*sizeMmsghdr:], 1, unix.MSG_WAITFORONE, nil)
	same(t, "third", string(data[2]), "def")
	same(t, "buffers", len(keep), 3)
}
