// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"io"
	"net"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine/enginetest"
	"vuos.dev/vunet/netconf"
)

// pipe is one end of an Ethernet cable between two stacks.
type pipe struct {
	in, out chan []byte
	closed  chan struct{}
	once    *sync.Once
}

const pipeFrame = 9234

func newPipe() (a, b *pipe) {
	x, y := make(chan []byte, 512), make(chan []byte, 512)
	closed, once := make(chan struct{}), new(sync.Once)
	return &pipe{x, y, closed, once}, &pipe{y, x, closed, once}
}

func (p *pipe) Send(frames [][]byte) (int, error) {
	for i, f := range frames {
		select {
		case p.out <- append([]byte(nil), f...):
		case <-p.closed:
			return i, net.ErrClosed
		}
	}
	return len(frames), nil
}

func (p *pipe) Recv(bufs [][]byte, sizes []int) (int, error) {
	var f []byte
	select {
	case f = <-p.in:
	case <-p.closed:
		return 0, io.EOF
	}
	sizes[0] = copy(bufs[0], f)
	n := 1
	for n < len(bufs) {
		select {
		case f = <-p.in:
			sizes[n] = copy(bufs[n], f)
			n++
		default:
			return n, nil
		}
	}
	return n, nil
}

func (*pipe) MaxFrame() int { return pipeFrame }

func (p *pipe) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// caller is root with all capabilities.
func caller() *enginetest.Call {
	c := enginetest.NewCall()
	c.Who = enginetest.Call{}.Who
	c.Who.CapEff = 1<<41 - 1
	return c
}

var (
	addrA = [4]byte{10, 0, 0, 1}
	addrB = [4]byte{10, 0, 0, 2}
)

// twoStacks makes 10.0.0.1 and 10.0.0.2 on one cable, everything up.
func twoStacks(t testing.TB) (a, b *Stack) {
	t.Helper()
	x, y := newPipe()
	a, b = oneStack(t, x), oneStack(t, y)
	configure(t, a, addrA)
	configure(t, b, addrB)
	return a, b
}

func oneStack(t testing.TB, w Wire) *Stack {
	t.Helper()
	s, err := New(Options{Interfaces: []Interface{{Wire: w}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func configure(t testing.TB, s *Stack, ip [4]byte) {
	t.Helper()
	up := &netconf.LinkChange{Flags: unix.IFF_UP, Mask: unix.IFF_UP}
	for _, i := range []int{1, 2} {
		if err := s.conf.SetLink(i, up); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.conf.AddAddr(&netconf.Addr{Link: 2, Local: from4(ip), Bits: 24, Label: "vde0"}, true, false); err != nil {
		t.Fatal(err)
	}
}
