// SPDX-License-Identifier: Apache-2.0

// Package ptp is the plugin for ptp://PATH, a line between two plugs that both
// name the same socket (AF_UNIX, SOCK_SEQPACKET). Who comes first binds it and
// waits, who comes second connects, and is told with one byte whether the
// place was still free: 0, or the errno EISCONN (libvdeplug_ptp.c). A third
// one is refused. When one end leaves, the other waits for a new peer.
package ptp

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"vuos.dev/libvdeplug/internal/dgram"
	"vuos.dev/libvdeplug/internal/swap"
	"vuos.dev/libvdeplug/plug"
)

// Plugin opens ptp://PATH.
var Plugin = plug.Func(open)

// conn is one end of the line.
type conn struct {
	*swap.Conn
	plugin, path string
	tally        plug.Tally
	cancel       context.CancelFunc // ends the wait for an answer
	wg           sync.WaitGroup
}

func open(ctx context.Context, req *plug.Request) (plug.Conn, error) {
	if req.Rest == "" {
		return nil, req.Error("", "needs the path of a socket", nil)
	}
	// The path must stay the same when the working directory changes.
	path, err := filepath.Abs(req.Rest)
	if err != nil {
		return nil, req.Error(req.Rest, "", err)
	}
	if _, err := dgram.UnixAddr(path); err != nil {
		return nil, req.Error("", "", err)
	}
	c := &conn{plugin: req.Plugin, path: path}
	c.Conn = swap.New(c.plugin, path, &c.tally)
	link, l, err := c.establish(ctx)
	if err != nil {
		return nil, c.fail("", err)
	}
	life, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	if link != nil {
		c.Plug(link)
	}
	c.wg.Go(func() { c.supervise(life, link, l) })
	return c, nil
}

// supervise keeps the end up: as a caller while link lasts, as a listener
// afterwards, or from the start.
func (c *conn) supervise(ctx context.Context, link plug.Conn, l *listener) {
	for ctx.Err() == nil {
		if l != nil {
			l.serve(ctx, c)
			return
		}
		c.waitLost(link)
		link, l = c.reestablish(ctx)
		if link != nil && !c.Plug(link) {
			link.Close()
		}
	}
	if l != nil {
		l.close()
	}
}

// waitLost waits until link is not in use any more.
func (c *conn) waitLost(link plug.Conn) {
	for {
		now, changed, err := c.Link()
		if err != nil || now != link {
			return
		}
		<-changed
	}
}

// Close implements plug.Conn.
func (c *conn) Close() error {
	c.cancel()
	err := c.Conn.Close()
	c.wg.Wait()
	return err
}

func (c *conn) fail(what string, err error) error {
	var already *plug.OpError
	if errors.As(err, &already) {
		return err
	}
	return &plug.OpError{Plugin: c.plugin, Addr: c.path, What: what, Err: err}
}

// newLink makes a link of a connected socket.
func (c *conn) newLink(file *os.File) (plug.Conn, error) {
	link, err := dgram.New(file, dgram.Config{
		Plugin: c.plugin, Addr: c.path, Tally: &c.tally, EmptyIsEOF: true,
	})
	if err != nil {
		file.Close()
		return nil, err
	}
	return link, nil
}

var errNotSocket = errors.New("there is something else than a socket")
