// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine/enginetest"
	"vuos.dev/vufuse/client"
	"vuos.dev/vufuse/proto"
)

// quiet is who no notification is expected for.
type quiet struct{ proto.Notifier }

func (quiet) Ended() {}

func pair(t testing.TB) (c *Conn, server int) {
	t.Helper()
	ours, theirs, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	if c, err = New(ours); err != nil {
		t.Fatal(err)
	}
	c.notifier = quiet{}
	c.Listen()
	t.Cleanup(func() { c.Abort() })
	return c, theirs
}

// agree answers every request with success until the end of the file, and returns the operations in
// the order they came.
func agree(t testing.TB, fd int) (ops []proto.Op) {
	defer unix.Close(fd)
	buf := make([]byte, 1<<20)
	for {
		n, err := unix.Read(fd, buf)
		if n == 0 || err != nil {
			return ops
		}
		var h proto.InHeader
		copy(h.Raw(), buf)
		if int(h.Len) != n {
			t.Errorf("length %d in a message of %d bytes", h.Len, n)
		}
		ops = append(ops, h.Op)
		if !h.Op.HasReply() {
			continue
		}
		out := proto.OutHeader{Len: proto.OutHeaderSize, Unique: h.Unique}
		if _, err := unix.Write(fd, out.Raw()); err != nil {
			t.Error(err)
		}
	}
}

// TestServerDoesNotRead checks that a request which cannot leave is withdrawn by a signal at once, and that the
// others leave in order when the server reads.
func TestServerDoesNotRead(t *testing.T) {
	c, server := pair(t)
	queued := func() int {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.queue)
	}
	var wg sync.WaitGroup
	sent := 0
	for ; queued() < 3; sent++ {
		wg.Add(1)
		r := &client.Request{Op: proto.Setxattr, In: &proto.SetxattrIn{}, Name: "user.x", Data: make([]byte, 60<<10)}
		c.Post(r, func(err error) {
			if err != nil {
				t.Error(err)
			}
			wg.Done()
		})
	}
	stopped := enginetest.NewCall()
	stopped.Stop = make(chan struct{})
	close(stopped.Stop)
	if err := c.Do(stopped, &client.Request{Op: proto.Statfs}); err != unix.EINTR {
		t.Errorf("got %v", err)
	}
	c.Post(&client.Request{Op: proto.Forget, In: &proto.ForgetIn{Nlookup: 1}}, nil)
	ops := make(chan []proto.Op)
	go func() { ops <- agree(t, server) }()
	wg.Wait()
	c.Close(nil)
	got := <-ops
	if len(got) != sent+1 || got[sent] != proto.Forget {
		t.Errorf("%d requests of %d, the last is %v", len(got), sent+1, got[len(got)-1])
	}
}

// TestAbortWithQueue checks that what could not leave ends as well.
func TestAbortWithQueue(t *testing.T) {
	c, server := pair(t)
	defer unix.Close(server)
	errs := make(chan error, 1000)
	sent := 0
	for full := false; !full; sent++ {
		r := &client.Request{Op: proto.Setxattr, In: &proto.SetxattrIn{}, Data: make([]byte, 60<<10)}
		c.Post(r, func(err error) { errs <- err })
		c.mu.Lock()
		full = len(c.queue) > 2
		c.mu.Unlock()
	}
	c.Abort()
	for range sent {
		if err := <-errs; err != unix.ECONNABORTED {
			t.Fatal(err)
		}
	}
	if err := c.Do(enginetest.NewCall(), &client.Request{Op: proto.Statfs}); err != unix.ENOTCONN {
		t.Fatal(err)
	}
}

// TestReceiveErrors checks what a server is told that writes to a virtual /dev/fuse.
func TestReceiveErrors(t *testing.T) {
	c, server := pair(t)
	defer unix.Close(server)
	got := make(chan error, 1)
	c.Post(&client.Request{Op: proto.Statfs}, func(err error) { got <- err })
	header := func(n uint32, e int32, unique uint64) []byte {
		return (&proto.OutHeader{Len: n, Error: e, Unique: unique}).Raw()
	}
	for _, test := range []struct {
		msg  []byte
		want error
	}{
		{nil, unix.EINVAL},
		{make([]byte, 15), unix.EINVAL},
		{header(16, 0, 0), unix.EINVAL},
		{header(16, 77, 0), unix.EINVAL},
		{header(16, 0, 12345678), unix.ENOENT},
		{header(16, 0, step|1), nil},
		{header(17, 0, step|1), unix.EINVAL},
		{header(16, 0, 4|1), unix.ENOENT},
		{header(16, -int32(unix.EACCES), step), nil},
		{header(16, 0, step), unix.ENOENT},
	} {
		if err := c.Port().Receive(nil, test.msg); err != test.want {
			t.Errorf("%x: %v, want %v", test.msg, err, test.want)
		}
	}
	if err := <-got; err != unix.EACCES {
		t.Errorf("request: %v", err)
	}
}

// FuzzReceive checks that no message of a server does harm, and that a request ends exactly once and only by
// a message that names it.
func FuzzReceive(f *testing.F) {
	f.Add([]byte{}, uint8(0))
	f.Add((&proto.OutHeader{Len: 16, Unique: step}).Raw(), uint8(1))
	f.Add(append((&proto.OutHeader{Len: 16 + 128, Unique: step}).Raw(), make([]byte, 128)...), uint8(proto.Lookup))
	f.Add(append((&proto.OutHeader{Len: 16 + 120, Unique: step}).Raw(), make([]byte, 120)...), uint8(proto.Lookup|0x80))
	f.Add(append((&proto.OutHeader{Len: 16 + 26, Error: 3}).Raw(), make([]byte, 26)...), uint8(proto.Read))
	f.Fuzz(func(t *testing.T, msg []byte, kind uint8) {
		ended := 0
		r := &client.Request{Op: proto.Op(kind & 0x3f), Buf: make([]byte, 100)}
		switch r.Op {
		case proto.Lookup, proto.Mkdir, proto.Link:
			r.Out = new(proto.EntryOut)
		case proto.Create:
			r.Out = new(proto.CreateOut)
		case proto.Getattr, proto.Setattr:
			r.Out = new(proto.AttrOut)
		}
		var result error
		w := &call{r: r, post: func(err error) { ended++; result = err }}
		c := &Conn{pending: map[uint64]*call{step: w}, notifier: counter{}, seq: step, dead: unix.ENOTCONN}
		p := new(Port)
		p.conn.Store(c)
		c.minor.Store(proto.Minor)
		if kind&0x80 != 0 {
			c.minor.Store(8)
		}
		err := p.Receive(nil, msg)
		named := len(msg) >= proto.OutHeaderSize && msg[8] == step && [7]byte(msg[9:16]) == [7]byte{}
		switch {
		case named && ended != 1, !named && ended != 0:
			t.Fatalf("ended %d times, %v", ended, err)
		case ended == 1 && result == nil && r.N > len(r.Buf):
			t.Fatalf("%d bytes in a buffer of %d", r.N, len(r.Buf))
		case ended == 1 && err == unix.ENOENT:
			t.Fatal("not found and ended")
		}
	})
}

// counter takes every notification.
type counter struct{}

func (counter) IncEpoch()                                    {}
func (counter) Poll(uint64)                                  {}
func (counter) Ended()                                       {}
func (counter) InvalInode(uint64, int64, int64) error        { return nil }
func (counter) InvalEntry(uint64, string, bool) error        { return nil }
func (counter) Delete(uint64, uint64, string) error          { return nil }
func (counter) Store(uint64, int64, []byte) error            { return nil }
func (counter) Retrieve(uint64, uint64, int64, uint32) error { return nil }
