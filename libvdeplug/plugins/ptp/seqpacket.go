// SPDX-License-Identifier: Apache-2.0

package ptp

import (
	"context"
	"os"
	"sync"
	"time"

	"vuos.dev/libvdeplug/internal/dgram"
	"vuos.dev/libvdeplug/internal/swap"
	"vuos.dev/libvdeplug/plug"
)

// conn is one end of the line in the newer protocol.
type conn struct {
	*swap.Conn
	*line
	tally  *plug.Tally
	cancel context.CancelFunc // ends the wait for an answer
	wg     sync.WaitGroup
}

// newConn makes an end with a connected link, or with a listener.
func newConn(ln *line, link *dgram.Conn, l *listener, tally *plug.Tally) *conn {
	life, cancel := context.WithCancel(context.Background())
	c := &conn{Conn: swap.New(ln.plugin, ln.path, tally), line: ln, tally: tally, cancel: cancel}
	if link != nil {
		c.Plug(link)
	}
	c.wg.Go(func() { c.supervise(life, link, l) })
	return c
}

// supervise keeps the end up: as a caller while link lasts, as a listener
// afterwards, or from the start.
func (c *conn) supervise(ctx context.Context, link *dgram.Conn, l *listener) {
	for l == nil && ctx.Err() == nil {
		if link != nil {
			c.waitLost(link)
		}
		if link, l = c.redial(ctx); link != nil && !c.Plug(link) {
			link.Close()
		}
	}
	if l != nil {
		l.serve(ctx, c)
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

// redial gets the line back, in the same protocol, or returns nothing when the
// Conn is closed.
func (c *conn) redial(ctx context.Context) (*dgram.Conn, *listener) {
	for ctx.Err() == nil {
		link, l, err := c.establish(ctx, c.tally)
		if err == nil {
			return link, l
		}
		select {
		case <-ctx.Done():
		case <-time.After(retry):
		}
	}
	return nil, nil
}

// Close implements plug.Conn.
func (c *conn) Close() error {
	c.cancel()
	err := c.Conn.Close()
	c.wg.Wait()
	return err
}

// newLink makes a link of a connected socket.
func (l *line) newLink(file *os.File, tally *plug.Tally) (*dgram.Conn, error) {
	link, err := dgram.New(file, dgram.Config{
		Plugin: l.plugin, Addr: l.path, Tally: tally, EmptyIsEOF: true,
	})
	if err != nil {
		file.Close()
		return nil, err
	}
	return link, nil
}
