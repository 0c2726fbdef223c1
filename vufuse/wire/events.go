// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// events waits for what happens on a socket. Go's own poller would wake a thread each time that the server
// has read a request, since there is room then; this one only if somebody waits for room.
type events struct {
	f      *os.File // epoll(7) instance, itself in Go's poller
	raw    syscall.RawConn
	socket int
}

func newEvents(socket int) (*events, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP}
	err = unix.EpollCtl(fd, unix.EPOLL_CTL_ADD, socket, &ev)
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	e := &events{f: os.NewFile(uintptr(fd), "epoll"), socket: socket}
	if e.raw, err = e.f.SyscallConn(); err != nil {
		e.f.Close()
		return nil, err
	}
	return e, nil
}

// wait calls try until it returns true, again whenever something has happened. It fails when e is closed.
func (e *events) wait(try func() bool) error {
	return e.raw.Read(func(uintptr) bool { return try() })
}

// wantRoom tells whether it is an event that there is room for a message.
func (e *events) wantRoom(want bool) {
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP}
	if want {
		ev.Events |= unix.EPOLLOUT
	}
	_ = e.raw.Control(func(fd uintptr) {
		_ = unix.EpollCtl(int(fd), unix.EPOLL_CTL_MOD, e.socket, &ev) // fails only for a socket that is closed
	})
}

func (e *events) close() { e.f.Close() }
