// SPDX-License-Identifier: Apache-2.0

package client

import (
	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

// Trace returns a transport that prints one line per request and one per reply.
func Trace(t Transport, printf func(format string, a ...any)) Transport { return &tracer{t, printf} }

type tracer struct {
	Transport
	printf func(format string, a ...any)
}

func (t *tracer) Start(n Notifier, in *proto.InitIn) (*proto.InitOut, error) {
	out, err := t.Transport.Start(n, in)
	t.printf("fuse INIT %+v: %+v, %v", *in, out, err)
	return out, err
}

func (t *tracer) Do(c engine.Call, r *Request) error {
	err := t.Transport.Do(c, r)
	t.reply(r, err)
	return err
}

func (t *tracer) Send(c engine.Call, r *Request) (wait func() error) {
	wait = t.Transport.Send(c, r)
	return func() error {
		err := wait()
		t.reply(r, err)
		return err
	}
}

func (t *tracer) Post(r *Request, done func(error)) {
	t.Transport.Post(r, func(err error) {
		t.reply(r, err)
		if done != nil {
			done(err)
		}
	})
}

func (t *tracer) reply(r *Request, err error) {
	if err != nil {
		t.printf("fuse %v node %d %q %q: %v", r.Op, r.Node, r.Name, r.Name2, err)
		return
	}
	t.printf("fuse %v node %d %q %q, %d bytes: %d bytes", r.Op, r.Node, r.Name, r.Name2, len(r.Data), r.N)
}
