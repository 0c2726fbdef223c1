// SPDX-License-Identifier: Apache-2.0

// Package null is the plugin for null://, a network with nobody else in it:
// what is sent is gone, and nothing ever comes.
package null

import (
	"context"
	"net"
	"os"
	"sync"
	"time"

	"vuos.dev/libvdeplug/internal/deadline"
	"vuos.dev/libvdeplug/plug"
)

// Plugin opens null://.
var Plugin = plug.Func(open)

func open(_ context.Context, req *plug.Request) (plug.Conn, error) {
	if req.Rest != "" {
		return nil, req.Error(req.Rest, "null takes no address", nil)
	}
	return &conn{done: make(chan struct{})}, nil
}

type conn struct {
	once sync.Once
	done chan struct{}
	rd   deadline.Deadline
	wd   deadline.Deadline
}

func (c *conn) Send(frames [][]byte) (int, error) {
	if err := c.state(); err != nil {
		return 0, err
	}
	select {
	case <-c.wd.Passed():
		return 0, os.ErrDeadlineExceeded
	default:
		return plug.CheckFrames(frames, plug.MaxFrame)
	}
}

func (c *conn) Recv(bufs [][]byte, sizes []int) (int, error) {
	if err := plug.CheckBuffers(bufs, sizes, plug.MaxFrame); err != nil {
		return 0, err
	}
	select {
	case <-c.done:
		return 0, net.ErrClosed
	case <-c.rd.Passed():
		if err := c.state(); err != nil {
			return 0, err
		}
		return 0, os.ErrDeadlineExceeded
	}
}

func (c *conn) MaxFrame() int { return plug.MaxFrame }

func (c *conn) SetReadDeadline(t time.Time) error {
	c.rd.Set(t)
	return c.state()
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.wd.Set(t)
	return c.state()
}

func (c *conn) state() error {
	select {
	case <-c.done:
		return net.ErrClosed
	default:
		return nil
	}
}

func (c *conn) Close() error {
	err := net.ErrClosed
	c.once.Do(func() {
		close(c.done)
		c.rd.Set(time.Time{})
		c.wd.Set(time.Time{})
		err = nil
	})
	return err
}
