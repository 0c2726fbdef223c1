// SPDX-License-Identifier: Apache-2.0

package swap_test

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/libvdeplug/internal/dgram"
	"vuos.dev/libvdeplug/internal/plugtest"
	"vuos.dev/libvdeplug/internal/swap"
	"vuos.dev/libvdeplug/plug"
)

// link makes a link and its other end.
func link(t *testing.T) (near, far *dgram.Conn) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ends [2]*dgram.Conn
	for i, fd := range fds {
		ends[i], err = dgram.New(dgram.NewFile(fd, "link"), dgram.Config{Plugin: "link", Tally: &plug.Tally{}, EmptyIsEOF: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { ends[i].Close() })
	}
	return ends[0], ends[1]
}

type result struct {
	n   int
	err error
}

// receive starts a Recv of c.
func receive(c plug.Conn) <-chan result {
	done := make(chan result, 1)
	go func() {
		bufs, sizes := plug.Buffers(c, 1)
		n, err := c.Recv(bufs, sizes)
		done <- result{n, err}
	}()
	return done
}

func TestLinksComeAndGo(t *testing.T) {
	plugtest.NoLeaks(t)
	c := swap.New("test", "x", &plug.Tally{})
	waiting := receive(c)
	for i := range 3 {
		near, far := link(t)
		if !c.Plug(near) || c.Plug(near) {
			t.Fatal("Plug")
		}
		f := plugtest.Frame(plugtest.Broadcast, plugtest.MAC(i), "x")
		plugtest.Send(t, far, f)
		if r := <-waiting; r != (result{1, nil}) {
			t.Fatalf("Recv = %+v", r)
		}
		plugtest.Send(t, c, f)
		plugtest.Expect(t, far, f)
		waiting = receive(c) // waits through the loss of the link
		_, changed := c.Carrier()
		far.Close()
		<-changed
		if up, _ := c.Carrier(); up {
			t.Fatal("carrier without a link")
		}
		if _, err := c.Send([][]byte{f}); !errors.Is(err, plug.ErrNoCarrier) {
			t.Errorf("Send = %v", err)
		}
	}
	c.Close()
	if r := <-waiting; !errors.Is(r.err, net.ErrClosed) {
		t.Errorf("Recv after Close = %+v", r)
	}
	near, _ := link(t)
	if c.Plug(near) {
		t.Error("Plug after Close")
	}
}

// TestDeadlineHoldsForNextLink sets the deadline before there is a link.
func TestDeadlineHoldsForNextLink(t *testing.T) {
	plugtest.NoLeaks(t)
	c := swap.New("test", "x", &plug.Tally{})
	defer c.Close()
	if err := c.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if r := <-receive(c); !errors.Is(r.err, os.ErrDeadlineExceeded) {
		t.Errorf("Recv without a link = %+v", r)
	}
	if err := c.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	near, _ := link(t)
	c.Plug(near)
	if r := <-receive(c); !errors.Is(r.err, os.ErrDeadlineExceeded) {
		t.Errorf("Recv with a link = %+v", r)
	}
	if up, _ := c.Carrier(); !up {
		t.Error("the deadline cost the link")
	}
}
