// SPDX-License-Identifier: Apache-2.0

package ptp

import (
	"context"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/libvdeplug/internal/dgram"
	"vuos.dev/libvdeplug/plug"
)

// listener is the end that was there first.
type listener struct {
	*net.UnixListener
}

// listen makes the socket. It is removed when the listener is closed.
func (l *line) listen() (*listener, error) {
	lis, err := net.ListenUnix("unixpacket", &net.UnixAddr{Net: "unixpacket", Name: l.path})
	if err != nil {
		return nil, err
	}
	if err := l.permit(l.path); err != nil {
		_ = lis.Close()
		return nil, err
	}
	return &listener{lis}, nil
}

func (l *listener) close() { _ = l.Close() }

// serve accepts one peer at a time until ctx ends.
func (l *listener) serve(ctx context.Context, c *conn) {
	stop := context.AfterFunc(ctx, l.close)
	defer l.close()
	defer stop()
	for {
		peer, err := l.AcceptUnix()
		if err != nil {
			select {
			case <-ctx.Done():
				return
			case <-time.After(retry): // out of descriptors, or the like
			}
			continue
		}
		l.answer(c, peer)
	}
}

// answer takes the peer if the place is free and tells it.
func (l *listener) answer(c *conn, peer *net.UnixConn) {
	defer peer.Close()
	if link, _, err := c.Link(); err != nil || link != nil && !hungUp(link) {
		_, _ = peer.Write([]byte{byte(unix.EISCONN)}) // it sees the end anyway
		return
	} else if link != nil {
		c.Unplug(link)
	}
	link, err := c.adopt(peer)
	if err != nil {
		return
	}
	if _, err := peer.Write([]byte{0}); err != nil || !c.Plug(link) {
		link.Close()
	}
}

// adopt makes a link of an accepted connection, with a descriptor of its own.
func (c *conn) adopt(peer *net.UnixConn) (*dgram.Conn, error) {
	raw, err := peer.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd := -1
	if ctlErr := raw.Control(func(s uintptr) {
		fd, err = unix.FcntlInt(s, unix.F_DUPFD_CLOEXEC, 0)
	}); ctlErr != nil {
		err = ctlErr
	}
	if err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	return c.newLink(dgram.NewFile(fd, c.path), c.tally)
}

// hungUp tells whether the peer of link has left, which nobody may have
// noticed yet.
func hungUp(link plug.Conn) bool {
	d, ok := link.(*dgram.Conn)
	return ok && d.HungUp()
}
