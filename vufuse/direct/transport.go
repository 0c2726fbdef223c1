// SPDX-License-Identifier: Apache-2.0

// Package direct calls a go-fuse file system that is linked in, without serializing anything: a
// request is a call of one of the methods of [fuse.RawFileSystem], in the caller's goroutine.
//
// Only INIT and the notifications of the file system travel as messages, over a private
// connection to a [fuse.Server] that never serves: so the file system finds everything as when it is mounted.
package direct

import (
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/client"
	"vuos.dev/vufuse/proto"
	"vuos.dev/vufuse/wire"
)

// maxData is the most data in one call.
const maxData = proto.MaxPages * proto.PageSize

// Transport reaches one file system. It implements [client.Transport].
type Transport struct {
	raw    fuse.RawFileSystem
	opts   fuse.MountOptions
	printf func(format string, a ...any)

	conn   *wire.Conn
	server *fuse.Server
	serve  sync.Once
	served atomic.Bool
	dead   atomic.Bool
}

var _ client.Transport = (*Transport)(nil)

// New makes a transport for raw with the options it would be mounted with. printf gets what is to be
// logged (a panic of the file system, which is EIO for the caller).
func New(raw fuse.RawFileSystem, opts fuse.MountOptions, printf func(format string, a ...any)) *Transport {
	if opts.MaxWrite <= 0 {
		opts.MaxWrite = maxData
	}
	return &Transport{raw: raw, opts: opts, printf: printf}
}

// Start implements [client.Transport].
func (t *Transport) Start(n client.Notifier, in *proto.InitIn) (*proto.InitOut, error) {
	conn, theirs, err := wire.Connect()
	if err != nil {
		return nil, err
	}
	t.conn = conn
	failed := make(chan error, 1)
	go func() {
		var err error
		t.server, err = fuse.NewServer(t.raw, fmt.Sprintf("/dev/fd/%d", theirs), &t.opts)
		if err != nil {
			t.conn.Abort()
		}
		failed <- err
	}()
	out, err := t.conn.Start(n, in)
	if serr := <-failed; serr != nil {
		return nil, fmt.Errorf("%w: %v", unix.EIO, serr)
	}
	return out, err
}

// MaxData implements [client.Transport].
func (t *Transport) MaxData() int { return maxData }

// MaxReply implements [client.Transport].
func (t *Transport) MaxReply() int { return maxData }

// Negotiated implements [client.Transport].
func (t *Transport) Negotiated(uint32, bool) {}

// Do implements [client.Transport].
func (t *Transport) Do(c engine.Call, r *client.Request) error {
	c.Block()
	if r.Force {
		return t.do(nil, r)
	}
	return t.do(c.Interrupted(), r)
}

// Send implements [client.Transport]: the answer is there when it returns.
func (t *Transport) Send(c engine.Call, r *client.Request) (wait func() error) {
	err := t.Do(c, r)
	return func() error { return err }
}

func (t *Transport) do(stop <-chan struct{}, r *client.Request) (err error) {
	if t.dead.Load() {
		return unix.ENOTCONN
	}
	defer func() {
		if p := recover(); p != nil {
			t.printf("panic in %v: %v\n%s", r.Op, p, debug.Stack())
			err = unix.EIO
		}
	}()
	return errno(t.call(stop, r))
}

// Post implements [client.Transport]: there is nothing to wait for that is worth a
// goroutine.
func (t *Transport) Post(r *client.Request, done func(error)) {
	if r.Op == proto.NotifyReply {
		t.serve.Do(func() {
			t.served.Store(true)
			go t.server.Serve()
		})
		t.conn.Post(r, done)
		return
	}
	err := t.do(nil, r)
	if done != nil {
		done(err)
	}
}

// errno is what a server would have answered. A number that the protocol does not have is
// EIO.
func errno(s fuse.Status) error {
	switch {
	case s == fuse.OK:
		return nil
	case s < 0 || s >= 512:
		return unix.EIO
	}
	return unix.Errno(s)
}

// Abort implements [client.Transport]. Calls under way cannot be ended, only later ones.
func (t *Transport) Abort() {
	t.dead.Store(true)
	if t.conn != nil {
		t.conn.Abort()
	}
}

// Close implements [client.Transport].
func (t *Transport) Close(<-chan struct{}) {
	t.Abort()
	if !t.served.Load() { // Serve does it otherwise
		t.raw.OnUnmount()
	}
}
