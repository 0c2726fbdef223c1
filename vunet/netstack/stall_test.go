// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"testing"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
)

// TestStalledConnection: a connection whose congestion window has become 0 sends its data and its end all the same.
func TestStalledConnection(t *testing.T) {
	a, b := twoStacks(t)
	l := open(t, b, unix.AF_INET, unix.SOCK_STREAM, 0)
	l.bind(in4(addrB, 80))
	l.must("listen", l.Listen(caller(), 1))
	c := open(t, a, unix.AF_INET, unix.SOCK_STREAM, 0)
	if err := c.connect(in4(addrB, 80)); err != nil {
		t.Fatal(err)
	}
	s, _ := l.accept()
	defer s.Release(caller())
	ep := c.Socket.(*inet).ep().(*tcp.Endpoint)
	ep.LockUser()
	w := congestionWindow(ep)
	if w == nil || *w < 1 {
		t.Fatal("no congestion window")
	}
	*w = 0
	ep.UnlockUser()
	a.ip.Stats().TCP.Timeouts.Increment()
	c.send([]byte("data"), nil)
	c.must("shutdown", c.Shutdown(caller(), unix.SHUT_WR))
	if got := s.text(100); got != "data" {
		t.Errorf("received %q", got)
	}
	if got := s.text(100); got != "" {
		t.Errorf("received %q", got)
	}
}
