// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/vufuse/client"
	"vuos.dev/vufuse/proto"
)

// cloned is a connection with a second port, and the server's ends of both.
func cloned(t *testing.T) (c *Conn, second *Port, fds [2]int) {
	t.Helper()
	c, fds[0] = pair(t)
	other, theirs, err := Connect()
	if err != nil {
		t.Fatal(err)
	}
	fds[1] = theirs
	second = other.Port()
	second.Listen()
	t.Cleanup(func() {
		for _, fd := range fds {
			unix.Close(fd)
		}
	})
	return c, second, fds
}

// post sends a request and returns where its result comes.
func post(c *Conn) <-chan error {
	done := make(chan error, 1)
	c.Post(&client.Request{Op: proto.Statfs}, func(err error) { done <- err })
	return done
}

// unique reads a request, which must be there.
func unique(t *testing.T, fd int) uint64 {
	t.Helper()
	buf := make([]byte, MaxMessage)
	n, _, err := unix.Recvfrom(fd, buf, unix.MSG_DONTWAIT)
	if err != nil || n < proto.InHeaderSize {
		t.Fatalf("no request there: %d, %v", n, err)
	}
	var h proto.InHeader
	copy(h.Raw(), buf)
	return h.Unique
}

// enter lets a thread read from a port, whose other end is fd.
func enter(t *testing.T, p *Port, tid, fd int) {
	t.Helper()
	if err := p.Enter(tid, MaxMessage, func() (int, error) { return unix.Dup(fd) }); err != nil {
		t.Fatal(err)
	}
}

// empty checks that there is no request.
func empty(t *testing.T, fd int) {
	t.Helper()
	if n, _, err := unix.Recvfrom(fd, make([]byte, 1), unix.MSG_DONTWAIT|unix.MSG_PEEK); err != unix.EAGAIN {
		t.Fatalf("a request where nobody reads: %d, %v", n, err)
	}
}

func reply(unique uint64, errno unix.Errno) []byte {
	return (&proto.OutHeader{Len: proto.OutHeaderSize, Error: -int32(errno), Unique: unique}).Raw()
}

// TestAdopt checks who gets what when a device is cloned: a request goes where somebody reads, also one that was on its way
// before, and is answered from there only.
func TestAdopt(t *testing.T) {
	c, second, fds := cloned(t)
	early := post(c)
	if err := c.Adopt(second, fds[0]); err != nil {
		t.Fatal(err)
	}
	empty(t, fds[0])
	empty(t, fds[1])
	enter(t, second, 1, fds[1])
	id := unique(t, fds[1])
	if err := c.Port().Receive(nil, reply(id, 0)); err != unix.ENOENT {
		t.Errorf("answer by the other device: %v, want ENOENT", err)
	}
	later := post(c)
	empty(t, fds[1]) // the one who reads there is busy
	enter(t, c.Port(), 2, fds[0])
	laterID := unique(t, fds[0])
	for _, answer := range []struct {
		p    *Port
		id   uint64
		tid  int
		done <-chan error
	}{{second, id, 1, early}, {c.Port(), laterID, 2, later}} {
		answer.p.Leave(answer.tid)
		if err := answer.p.Receive(nil, reply(answer.id, unix.EACCES)); err != nil {
			t.Error(err)
		}
		if err := <-answer.done; err != unix.EACCES {
			t.Errorf("result %v", err)
		}
	}
}

// TestAdoptPolled checks that a device which is polled is readable while there is a request for whoever reads first.
func TestAdoptPolled(t *testing.T) {
	c, second, fds := cloned(t)
	if err := c.Adopt(second, fds[0]); err != nil {
		t.Fatal(err)
	}
	post(c)
	empty(t, fds[1])
	second.SetPolled(true)
	if n, _, err := unix.Recvfrom(fds[1], make([]byte, 1), unix.MSG_DONTWAIT|unix.MSG_PEEK); n != 1 || err != nil {
		t.Errorf("a request that is there: %d, %v", n, err)
	}
	enter(t, second, 1, fds[1])
	unique(t, fds[1])
	enter(t, second, 1, fds[1])
	empty(t, fds[1])
	post(c)
	enter(t, c.Port(), 2, fds[0])
	unique(t, fds[0])
	enter(t, second, 1, fds[1])
	empty(t, fds[1])
}

// TestClosePort checks that what a device has read and not answered ends with it, and nothing else.
func TestClosePort(t *testing.T) {
	c, second, fds := cloned(t)
	if err := c.Adopt(second, fds[0]); err != nil {
		t.Fatal(err)
	}
	enter(t, second, 1, fds[1])
	lost := post(c)
	kept := post(c)
	unix.Close(fds[1])
	fds[1] = -1
	<-second.Ended()
	if err := <-lost; err != unix.ECONNABORTED {
		t.Errorf("result %v, want ECONNABORTED", err)
	}
	second.Close()
	enter(t, c.Port(), 2, fds[0])
	if err := c.Port().Receive(nil, reply(unique(t, fds[0]), 0)); err != nil {
		t.Error(err)
	}
	if err := <-kept; err != nil {
		t.Error(err)
	}
	c.Port().Close()
	if err := <-post(c); err != unix.ENOTCONN {
		t.Errorf("behind the last device: %v, want ENOTCONN", err)
	}
}
