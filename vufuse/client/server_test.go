// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine/enginetest"
	"vuos.dev/vufuse/client"
	"vuos.dev/vufuse/proto"
	"vuos.dev/vufuse/wire"
)

// request is what a fake server got.
type request struct {
	proto.InHeader
	body []byte
}

// name is the last string in the body.
func (q *request) name() string {
	b := q.body
	if len(b) == 0 {
		return ""
	}
	b = b[:len(b)-1]
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] < ' ' {
			return string(b[i+1:])
		}
	}
	return string(b)
}

// server is a fake server on the other end of a connection. Handlers run one at a time, in the
// order of the requests; a request without handler is ENOSYS.
type server struct {
	t    testing.TB
	fd   int
	init proto.InitOut

	mu       sync.Mutex
	handlers map[proto.Op]func(q *request)
	counts   map[proto.Op]int
	forgot   map[uint64]uint64
	done     chan struct{}
	changed  *sync.Cond
}

func newServer(t testing.TB) *server {
	s := &server{
		t: t, handlers: make(map[proto.Op]func(*request)), counts: make(map[proto.Op]int),
		forgot: make(map[uint64]uint64), done: make(chan struct{}),
	}
	s.changed = sync.NewCond(&s.mu)
	s.init = proto.InitOut{
		Major: 7, Minor: 38, MaxWrite: 128 << 10, MaxPages: 32,
		Flags: proto.InitExt | proto.MaxPagesFlag | proto.ParallelDirops | proto.BigWrites | proto.AtomicOTrunc | proto.AsyncRead,
	}
	s.handlers[proto.Getattr] = func(q *request) { s.attr(q, unix.S_IFDIR|0o755) }
	s.handlers[proto.Destroy] = func(q *request) { s.reply(q, 0) }
	return s
}

func (s *server) on(op proto.Op, f func(q *request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handlers[op] = f
}

func (s *server) count(op proto.Op) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[op]
}

// until waits for something to become true of what was received. The test's own time limit ends it.
func (s *server) until(f func() bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !f() {
		s.changed.Wait()
	}
}

func (s *server) serve() {
	defer close(s.done)
	defer unix.Shutdown(s.fd, unix.SHUT_RDWR)
	buf := make([]byte, 1<<20)
	for {
		n, err := unix.Read(s.fd, buf)
		if n == 0 || err != nil {
			return
		}
		q := &request{}
		copy(q.Raw(), buf[:n])
		q.body = append([]byte(nil), buf[proto.InHeaderSize:n]...)
		if int(q.Len) != n {
			s.t.Errorf("%v: length %d in %d bytes", q.Op, q.Len, n)
		}
		s.mu.Lock()
		s.counts[q.Op]++
		s.note(q)
		f := s.handlers[q.Op]
		s.changed.Broadcast()
		s.mu.Unlock()
		switch {
		case q.Op == proto.Init:
			s.reply(q, 0, s.init.Raw()...)
		case f != nil:
			f(q)
		case q.Op.HasReply():
			s.reply(q, unix.ENOSYS)
		}
	}
}

func (s *server) note(q *request) {
	var one proto.ForgetOne
	switch q.Op {
	case proto.Forget:
		one.Node = q.Node
		copy(one.Raw()[8:], q.body)
		s.forgot[one.Node] += one.Nlookup
	case proto.BatchForget:
		for b := q.body[8:]; len(b) > 0; {
			b = b[copy(one.Raw(), b):]
			s.forgot[one.Node] += one.Nlookup
		}
	}
}

// reply sends a well-formed reply.
func (s *server) reply(q *request, e unix.Errno, body ...byte) {
	h := proto.OutHeader{Len: uint32(proto.OutHeaderSize + len(body)), Error: -int32(e), Unique: q.Unique}
	s.raw(append(append([]byte(nil), h.Raw()...), body...))
}

// notify sends a notification.
func (s *server) notify(code proto.Notification, body ...byte) {
	h := proto.OutHeader{Len: uint32(proto.OutHeaderSize + len(body)), Error: int32(code)}
	s.raw(append(append([]byte(nil), h.Raw()...), body...))
}

// raw sends any bytes.
func (s *server) raw(b []byte) {
	if _, err := unix.Write(s.fd, b); err != nil && err != unix.EPIPE && err != unix.ECONNRESET {
		s.t.Errorf("server: %v", err)
	}
}

func attrOf(ino uint64, mode uint32) proto.Attr {
	return proto.Attr{Ino: ino, Mode: mode, Nlink: 1, Size: 100}
}

// attr answers GETATTR and SETATTR, valid for long.
func (s *server) attr(q *request, mode uint32) {
	out := proto.AttrOut{Valid: 1000, Attr: attrOf(q.Node, mode)}
	s.reply(q, 0, out.Raw()...)
}

// entry answers a lookup, valid for long.
func (s *server) entry(q *request, node uint64, mode uint32) {
	out := entryOf(node, mode)
	s.reply(q, 0, out.Raw()...)
}

func entryOf(node uint64, mode uint32) *proto.EntryOut {
	return &proto.EntryOut{Node: node, EntryValid: 1000, AttrValid: 1000, Attr: attrOf(node, mode)}
}

// mount starts the server and mounts it.
func (s *server) mount(opt client.Options) *mounted {
	s.t.Helper()
	ours, theirs, err := wire.Pair()
	if err != nil {
		s.t.Fatal(err)
	}
	s.fd = theirs
	conn, err := wire.New(ours)
	if err != nil {
		s.t.Fatal(err)
	}
	go s.serve()
	m := &mounted{host: &enginetest.Host{}, call: enginetest.NewCall(), conn: conn}
	s.t.Cleanup(func() {
		conn.Abort()
		<-s.done
		unix.Close(s.fd)
	})
	f, err := client.New(m.call, m.host, conn, opt)
	if err != nil {
		m.err = err
		return m
	}
	m.FS = f
	m.tree = &enginetest.Tree{FS: f, Call: m.call}
	return m
}

// mounted is what a server serves.
type mounted struct {
	*client.FS
	host *enginetest.Host
	call *enginetest.Call
	tree *enginetest.Tree
	conn *wire.Conn
	err  error
}
