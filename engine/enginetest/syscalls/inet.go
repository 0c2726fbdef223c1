// SPDX-License-Identifier: Apache-2.0

package syscalls

import (
	"encoding/binary"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Sockets of AF_INET on the loopback interface: the kernel's natively, those of a stack in a view.
var inetCases = []Case{
	{"inet/stream", Anyone, inetStream},
	{"inet/stream-errors", Anyone, inetStreamErrors},
	{"inet/refused", Anyone, inetRefused},
	{"inet/connect-again", Anyone, inetConnectAgain},
	{"inet/nonblocking-connect", Anyone, inetNonblockingConnect},
	{"inet/poll", Anyone, inetPoll},
	{"inet/reset", Anyone, inetReset},
	{"inet/reset-after-end", Anyone, inetResetAfterEnd},
	{"inet/stop-listening", Anyone, inetStopListening},
	{"inet/receive-flags", Anyone, inetReceiveFlags},
	{"inet/bulk", Anyone, inetBulk},
	{"inet/sendfile", Anyone, inetSendfile},
	{"inet/close-sends-all", Anyone, inetCloseSendsAll},
	{"inet/datagram", Anyone, inetDatagram},
	{"inet/datagram-refused", Anyone, inetDatagramRefused},
	{"inet/datagram-control", Anyone, inetDatagramControl},
	{"inet/datagram-passed", Anyone, inetDatagramPassed},
	{"inet/edges", Anyone, inetEdges},
	{"inet/timeouts", Anyone, inetTimeouts},
	{"inet/multiple-messages", Anyone, inetMultiple},
}

// loopback is a struct sockaddr_in of 127.0.0.1.
func loopback(port int) []byte {
	b := make([]byte, 16)
	binary.NativeEndian.PutUint16(b, unix.AF_INET)
	binary.BigEndian.PutUint16(b[2:], uint16(port))
	copy(b[4:], []byte{127, 0, 0, 1})
	return b
}

func (t *T) inet(kind int) int {
	return t.Do(unix.SYS_SOCKET, unix.AF_INET, kind|unix.SOCK_CLOEXEC, 0)
}

// bound makes a socket that is bound to a free port.
func (t *T) bound(kind int) (fd, port int) {
	fd = t.inet(kind)
	t.Do(unix.SYS_BIND, fd, loopback(0), 16)
	return fd, t.port(unix.SYS_GETSOCKNAME, fd)
}

// port is the one in the name of a socket or of its peer.
func (t *T) port(nr uintptr, fd int) int {
	name, size := make([]byte, 16), int32(16)
	t.Do(nr, fd, name, &size)
	same(t, "size of a name", size, 16)
	port := int(binary.BigEndian.Uint16(name[2:]))
	same(t, "name", string(name), string(loopback(port)))
	return port
}

// connection makes the two ends of a connection.
func (t *T) connection() (a, b int) {
	l, port := t.bound(unix.SOCK_STREAM)
	t.Do(unix.SYS_LISTEN, l, 5)
	a = t.inet(unix.SOCK_STREAM)
	t.Do(unix.SYS_CONNECT, a, loopback(port), 16)
	name, size := make([]byte, 16), int32(16)
	b = t.Do(unix.SYS_ACCEPT4, l, name, &size, unix.SOCK_CLOEXEC)
	same(t, "name from accept", string(name), string(loopback(t.port(unix.SYS_GETSOCKNAME, a))))
	t.Close(l)
	return a, b
}

// option reads an option that is an int.
func (t *T) option(fd, level, name int) int {
	v, size := int32(0), int32(4)
	t.Do(unix.SYS_GETSOCKOPT, fd, level, name, &v, &size)
	return int(v)
}

func (t *T) setOption(fd, level, name int, v int32) {
	t.Do(unix.SYS_SETSOCKOPT, fd, level, name, &v, 4)
}

// polled waits until a descriptor shows one of the events wait, and returns all it shows of all those that there
// are.
func (t *T) polled(fd int, wait int16) int16 {
	p := []unix.PollFd{{Fd: int32(fd), Events: wait}}
	for {
		n, err := unix.Poll(p, 10000)
		if err == unix.EINTR {
			continue
		}
		t.NoError(err, "poll")
		t.Check(n == 1, "poll: nothing of %#x in ten seconds", wait)
		break
	}
	return t.shows(fd)
}

// shows is what a descriptor shows now.
func (t *T) shows(fd int) int16 {
	p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN | unix.POLLOUT | unix.POLLPRI | unix.POLLRDHUP}}
	_, err := unix.Poll(p, 0)
	t.NoError(err, "poll")
	return p[0].Revents
}

func inetStream(t *T) {
	a, b := t.connection()
	same(t, "peer of a", t.port(unix.SYS_GETPEERNAME, a), t.port(unix.SYS_GETSOCKNAME, b))
	same(t, "peer of b", t.port(unix.SYS_GETPEERNAME, b), t.port(unix.SYS_GETSOCKNAME, a))
	same(t, "type", t.option(a, unix.SOL_SOCKET, unix.SO_TYPE), unix.SOCK_STREAM)
	same(t, "domain", t.option(b, unix.SOL_SOCKET, unix.SO_DOMAIN), unix.AF_INET)
	same(t, "file type", t.Fstat(a).Mode&unix.S_IFMT, unix.S_IFSOCK)
	t.Write(a, "there")
	same(t, "received", t.Read(b, 9), "there")
	t.Write(b, "back")
	same(t, "received", t.Read(a, 9), "back")
	t.Do(unix.SYS_SHUTDOWN, a, unix.SHUT_WR)
	same(t, "end", t.Read(b, 9), "")
	t.Fails(unix.EPIPE, unix.SYS_SENDTO, a, []byte("x"), 1, unix.MSG_NOSIGNAL, nil, 0)
	t.Write(b, "half")
	same(t, "received", t.Read(a, 9), "half")
	t.Close(b)
	same(t, "end", t.Read(a, 9), "")
}

func inetStreamErrors(t *T) {
	s, port := t.bound(unix.SOCK_STREAM)
	t.Fails(unix.EINVAL, unix.SYS_ACCEPT4, s, nil, nil, 0)
	t.Fails(unix.EINVAL, unix.SYS_BIND, s, loopback(0), 16)
	name, size := make([]byte, 16), int32(16)
	t.Fails(unix.ENOTCONN, unix.SYS_GETPEERNAME, s, name, &size)
	t.Fails(unix.ENOTCONN, unix.SYS_SHUTDOWN, s, unix.SHUT_RDWR)
	t.Fails(unix.EINVAL, unix.SYS_SHUTDOWN, s, 7)
	other := t.inet(unix.SOCK_STREAM)
	t.Fails(unix.EADDRINUSE, unix.SYS_BIND, other, loopback(port), 16)
	t.Fails(unix.EAFNOSUPPORT, unix.SYS_BIND, other, append([]byte{unix.AF_INET6, 0}, loopback(0)[2:]...), 16)
	t.Fails(unix.EINVAL, unix.SYS_BIND, other, loopback(0), 3)
	t.Fails(unix.ENOPROTOOPT, unix.SYS_SETSOCKOPT, other, unix.SOL_SOCKET, 9999, &size, 4)
	t.Fails(unix.EINVAL, unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM|1<<20, 0)
	t.Fails(unix.EPROTONOSUPPORT, unix.SYS_SOCKET, unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_UDP)
	a, _ := t.connection()
	t.Fails(unix.EISCONN, unix.SYS_CONNECT, a, loopback(port), 16)
	d := t.inet(unix.SOCK_DGRAM)
	t.Fails(unix.EOPNOTSUPP, unix.SYS_LISTEN, d, 1)
	t.Fails(unix.EOPNOTSUPP, unix.SYS_ACCEPT4, d, nil, nil, 0)
	t.Fails(unix.EDESTADDRREQ, unix.SYS_SENDTO, d, []byte("x"), 1, 0, nil, 0)
}

// closedPort is one where nobody listens.
func (t *T) closedPort() int {
	s, port := t.bound(unix.SOCK_STREAM)
	t.Close(s)
	return port
}

func inetRefused(t *T) {
	s, port := t.inet(unix.SOCK_STREAM), t.closedPort()
	t.Fails(unix.ECONNREFUSED, unix.SYS_CONNECT, s, loopback(port), 16)
	same(t, "pending error", t.option(s, unix.SOL_SOCKET, unix.SO_ERROR), 0)
}

// inetConnectAgain connects a socket that was refused before: it keeps its options and its name.
func inetConnectAgain(t *T) {
	s, own := t.bound(unix.SOCK_STREAM)
	t.Close(s)
	s = t.inet(unix.SOCK_STREAM)
	t.setOption(s, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	t.setOption(s, unix.SOL_TCP, unix.TCP_NODELAY, 1)
	t.Do(unix.SYS_BIND, s, loopback(own), 16)
	for range 2 {
		t.Fails(unix.ECONNREFUSED, unix.SYS_CONNECT, s, loopback(t.closedPort()), 16)
	}
	l, port := t.bound(unix.SOCK_STREAM)
	t.Do(unix.SYS_LISTEN, l, 1)
	t.Do(unix.SYS_CONNECT, s, loopback(port), 16)
	same(t, "own port", t.port(unix.SYS_GETSOCKNAME, s), own)
	same(t, "option", t.option(s, unix.SOL_TCP, unix.TCP_NODELAY), 1)
	a := t.Do(unix.SYS_ACCEPT4, l, nil, nil, 0)
	t.Write(a, "x")
	same(t, "received", t.Read(s, 9), "x")
}

func inetNonblockingConnect(t *T) {
	l, port := t.bound(unix.SOCK_STREAM)
	t.Do(unix.SYS_LISTEN, l, 5)
	s := t.inet(unix.SOCK_STREAM | unix.SOCK_NONBLOCK)
	t.Fails(unix.EINPROGRESS, unix.SYS_CONNECT, s, loopback(port), 16)
	same(t, "events", t.polled(s, unix.POLLOUT), unix.POLLOUT)
	same(t, "error", t.option(s, unix.SOL_SOCKET, unix.SO_ERROR), 0)
	same(t, "events", t.polled(l, unix.POLLIN), unix.POLLIN)
	a := t.Do(unix.SYS_ACCEPT4, l, nil, nil, unix.SOCK_NONBLOCK)
	t.Fails(unix.EAGAIN, unix.SYS_READ, a, make([]byte, 1), 1)
	t.Write(s, "x")
	t.polled(a, unix.POLLIN)
	same(t, "received", t.Read(a, 9), "x")
	t.Fails(unix.EAGAIN, unix.SYS_ACCEPT4, l, nil, nil, t.nonblock(l))

	f := t.inet(unix.SOCK_STREAM | unix.SOCK_NONBLOCK)
	t.Fails(unix.EINPROGRESS, unix.SYS_CONNECT, f, loopback(t.closedPort()), 16)
	got := t.polled(f, unix.POLLOUT)
	t.Check(got&unix.POLLERR != 0, "events of a refused connection: %#x", got)
	want := int16(unix.POLLIN | unix.POLLOUT | unix.POLLERR | unix.POLLHUP | unix.POLLRDHUP)
	for end := time.Now().Add(10 * time.Second); got != want && time.Now().Before(end); {
		got = t.shows(f) // a stand-in shows the error first
	}
	same(t, "events", got, want)
	same(t, "error", unix.Errno(t.option(f, unix.SOL_SOCKET, unix.SO_ERROR)), unix.ECONNREFUSED)
	same(t, "error, again", t.option(f, unix.SOL_SOCKET, unix.SO_ERROR), 0)
}

// nonblock sets O_NONBLOCK and returns 0.
func (t *T) nonblock(fd int) int {
	return t.Do(unix.SYS_FCNTL, fd, unix.F_SETFL, unix.O_NONBLOCK)
}

func inetPoll(t *T) {
	same(t, "new stream", t.shows(t.inet(unix.SOCK_STREAM)), unix.POLLOUT|unix.POLLHUP)
	l, port := t.bound(unix.SOCK_STREAM)
	t.Do(unix.SYS_LISTEN, l, 5)
	same(t, "listening", t.shows(l), 0)
	s := t.inet(unix.SOCK_STREAM)
	t.Do(unix.SYS_CONNECT, s, loopback(port), 16)
	same(t, "connection waits", t.polled(l, unix.POLLIN), unix.POLLIN)
	a := t.Do(unix.SYS_ACCEPT, l, nil, nil)
	same(t, "accepted", t.shows(l), 0)
	same(t, "connected", t.shows(s), unix.POLLOUT)
	t.Write(a, "x")
	same(t, "data", t.polled(s, unix.POLLIN), unix.POLLIN|unix.POLLOUT)
	t.Read(s, 1)
	same(t, "no data", t.shows(s), unix.POLLOUT)
	t.Do(unix.SYS_SHUTDOWN, a, unix.SHUT_WR)
	same(t, "end", t.polled(s, unix.POLLRDHUP), unix.POLLIN|unix.POLLOUT|unix.POLLRDHUP)
	t.Do(unix.SYS_SHUTDOWN, s, unix.SHUT_WR)
	want := int16(unix.POLLIN | unix.POLLOUT | unix.POLLRDHUP | unix.POLLHUP)
	same(t, "both ends", t.polled(s, 0), want)
	d := t.inet(unix.SOCK_DGRAM)
	same(t, "new datagram socket", t.shows(d), unix.POLLOUT)
}

func inetReset(t *T) {
	a, b := t.connection()
	t.Do(unix.SYS_SETSOCKOPT, a, unix.SOL_SOCKET, unix.SO_LINGER, []byte{1, 0, 0, 0, 0, 0, 0, 0}, 8)
	t.Close(a)
	got := t.polled(b, unix.POLLRDHUP)
	t.Check(got&unix.POLLERR != 0 && got&unix.POLLHUP != 0, "events after a reset: %#x", got)
	t.Fails(unix.ECONNRESET, unix.SYS_READ, b, make([]byte, 9), 9)
	same(t, "end", t.Read(b, 9), "")

	a, b = t.connection() // data unread at close
	t.Write(b, "unread")
	t.polled(a, unix.POLLIN)
	t.Close(a)
	t.polled(b, unix.POLLRDHUP)
	t.Fails(unix.ECONNRESET, unix.SYS_READ, b, make([]byte, 9), 9)
}

// inetResetAfterEnd writes to a socket whose peer is closed: that is answered by a reset.
func inetResetAfterEnd(t *T) {
	a, b := t.connection()
	t.Close(a)
	t.polled(b, unix.POLLRDHUP)
	t.Write(b, "x")
	got := t.polled(b, 0)
	t.Check(got&unix.POLLHUP != 0, "events after a reset: %#x", got)
	t.Fails(unix.EPIPE, unix.SYS_SENDTO, b, []byte("y"), 1, unix.MSG_NOSIGNAL, nil, 0)
	same(t, "end", t.Read(b, 9), "")
}

// inetStopListening shuts a listening socket down, which resets the connections that wait in it, and lets it listen again.
func inetStopListening(t *T) {
	l, port := t.bound(unix.SOCK_STREAM)
	t.Do(unix.SYS_LISTEN, l, 5)
	t.Fails(unix.EISCONN, unix.SYS_CONNECT, l, loopback(port), 16)
	t.Do(unix.SYS_SHUTDOWN, l, unix.SHUT_WR)
	first := t.inet(unix.SOCK_STREAM)
	t.Do(unix.SYS_CONNECT, first, loopback(port), 16)
	t.polled(l, unix.POLLIN)
	t.Do(unix.SYS_SHUTDOWN, l, unix.SHUT_RD)
	t.polled(first, unix.POLLRDHUP)
	t.Fails(unix.ECONNRESET, unix.SYS_READ, first, make([]byte, 9), 9)
	t.Fails(unix.EINVAL, unix.SYS_ACCEPT, l, nil, nil)
	t.Do(unix.SYS_LISTEN, l, 5)
	port = t.port(unix.SYS_GETSOCKNAME, l) // another one, as it was not asked for
	second := t.inet(unix.SOCK_STREAM)
	t.Do(unix.SYS_CONNECT, second, loopback(port), 16)
	a := t.Do(unix.SYS_ACCEPT, l, nil, nil)
	t.Write(a, "again")
	same(t, "data", t.Read(second, 9), "again")
}

func inetReceiveFlags(t *T) {
	a, b := t.connection()
	p := make([]byte, 9)
	t.Fails(unix.EAGAIN, unix.SYS_RECVFROM, b, p, 9, unix.MSG_DONTWAIT, nil, nil)
	t.Write(a, "abcdef")
	t.polled(b, unix.POLLIN)
	n, size := int32(0), int32(0)
	t.Do(unix.SYS_IOCTL, b, unix.TIOCINQ, &n)
	same(t, "FIONREAD", n, 6)
	t.Returns(6, unix.SYS_RECVFROM, b, p, 9, unix.MSG_PEEK, nil, nil)
	t.Returns(2, unix.SYS_RECVFROM, b, p, 2, 0, nil, &size)
	same(t, "data", string(p[:2]), "ab")
	t.Do(unix.SYS_SHUTDOWN, a, unix.SHUT_WR)
	t.Returns(4, unix.SYS_RECVFROM, b, p, 9, unix.MSG_WAITALL, nil, nil)
	same(t, "data", string(p[:4]), "cdef")
}

// inetBulk sends more than all buffers hold.
func inetBulk(t *T) {
	a, b := t.connection()
	const size = 8 << 20
	done := drained(b)
	p := []byte(strings.Repeat("0123456789abcdef", 1<<12))
	for sent := 0; sent < size; {
		n, err := unix.Write(a, p[:min(len(p), size-sent)])
		if err == unix.EINTR {
			continue
		}
		t.NoError(err, "write")
		sent += n
	}
	t.Close(a)
	same(t, "received", <-done, size)
}

// drained reads a connection to its end, and then tells how much that was.
func drained(fd int) <-chan int {
	done := make(chan int)
	go func() {
		total, p := 0, make([]byte, 1<<16)
		for {
			n, err := unix.Read(fd, p)
			if err == unix.EINTR {
				continue
			}
			if err != nil || n <= 0 {
				done <- total
				return
			}
			total += n
		}
	}()
	return done
}

// inetSendfile sends a file without waiting, as web servers do: after EAGAIN epoll tells that there is room again.
func inetSendfile(t *T) {
	a, b := t.connection()
	const size = 4 << 20
	f := t.Open(t.Path("big"), unix.O_RDWR|unix.O_CREAT, 0o600)
	t.Do(unix.SYS_FTRUNCATE, f, size)
	t.nonblock(a)
	e := t.Do(unix.SYS_EPOLL_CREATE1, unix.EPOLL_CLOEXEC)
	ev := unix.EpollEvent{Events: unix.EPOLLOUT | unix.EPOLLET, Fd: int32(a)}
	t.NoError(unix.EpollCtl(e, unix.EPOLL_CTL_ADD, a, &ev), "epoll_ctl")
	done := drained(b)
	for sent := 0; sent < size; {
		n, err := unix.Sendfile(a, f, nil, size-sent)
		switch err {
		case nil:
			sent += n
		case unix.EINTR:
		default:
			same(t, "error", err, error(unix.EAGAIN))
			events := make([]unix.EpollEvent, 1)
			n, err := unix.EpollWait(e, events, 10000)
			t.Check(n == 1 || err == unix.EINTR, "no room after ten seconds, with %d bytes sent", sent)
		}
	}
	t.Close(a)
	same(t, "received", <-done, size)
}

// inetCloseSendsAll: what was written before a close arrives.
func inetCloseSendsAll(t *T) {
	a, b := t.connection()
	want := strings.Repeat("x", 100000)
	t.Write(a, want)
	t.Close(a)
	got := 0
	for {
		s := t.Read(b, 1<<17)
		if s == "" {
			break
		}
		got += len(s)
	}
	same(t, "received", got, len(want))
}
