// SPDX-License-Identifier: Apache-2.0

package vde

import (
	"context"
	"sync"
	"time"

	"vuos.dev/libvdeplug/internal/swap"
	"vuos.dev/libvdeplug/plug"
)

// How long to wait before a switch that has gone is tried again: twice as long
// each time.
const (
	firstRetry = 50 * time.Millisecond
	lastRetry  = 2 * time.Second
)

// conn stays when the switch goes and comes back.
type conn struct {
	*swap.Conn
	target *target
	tally  plug.Tally
	cancel context.CancelFunc // ends a dial under way
	wg     sync.WaitGroup
}

// join opens the connection and keeps it up.
func join(ctx context.Context, t *target) (plug.Conn, error) {
	here := *t
	c := &conn{target: &here}
	l, err := c.target.dial(ctx, &c.tally)
	if err != nil {
		return nil, err
	}
	c.Conn = swap.New(t.plugin, t.dir, &c.tally)
	c.Plug(l)
	life, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	c.wg.Go(func() { c.supervise(life, l) })
	return c, nil
}

// supervise waits for the end of each link and makes the next.
func (c *conn) supervise(ctx context.Context, l *link) {
	for l != nil {
		// The control stream is silent; anything but its end is ignored.
		var err error
		for buf := make([]byte, 64); err == nil; {
			_, err = l.ctl.Read(buf)
		}
		c.Unplug(l)
		if l = c.redial(ctx); l != nil && !c.Plug(l) {
			l.Close()
			return
		}
	}
}

// redial tries until there is a link, or returns nil when the Conn is closed.
func (c *conn) redial(ctx context.Context) *link {
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
		if l, err := c.target.dial(ctx, &c.tally); err == nil {
			return l
		}
	}
}

// Close implements plug.Conn.
func (c *conn) Close() error {
	c.cancel()
	err := c.Conn.Close()
	c.wg.Wait()
	return err
}
