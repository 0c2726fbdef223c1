// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// TestIdleConnections holds idle connections against their memory limit.
func TestIdleConnections(t *testing.T) {
	a, b := twoStacks(t)
	const n, limit = 500, 100 << 10
	l := open(t, b, unix.AF_INET, unix.SOCK_STREAM, 0)
	l.bind(in4(addrB, 7000))
	l.must("listen", l.Listen(caller(), n))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	keep := make([]*sock, 0, 2*n)
	for range n {
		c := open(t, a, unix.AF_INET, unix.SOCK_STREAM, 0)
		c.must("connect", c.connect(in4(addrB, 7000)))
		s, _ := l.accept()
		t.Cleanup(func() { s.Release(caller()) })
		keep = append(keep, c, s)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := (int64(after.HeapAlloc+after.StackInuse) - int64(before.HeapAlloc+before.StackInuse)) / n
	t.Logf("%d bytes for both ends of an idle connection", each)
	if each > limit {
		t.Errorf("%d bytes for an idle connection, more than %d", each, limit)
	}
	runtime.KeepAlive(keep)
}

// TestNothingLeaks opens and closes many connections.
func TestNothingLeaks(t *testing.T) {
	a, b := twoStacks(t)
	l := open(t, b, unix.AF_INET, unix.SOCK_STREAM, 0)
	l.bind(in4(addrB, 7000))
	l.must("listen", l.Listen(caller(), 16))
	goroutines := runtime.NumGoroutine()
	for range 1000 {
		c := open(t, a, unix.AF_INET, unix.SOCK_STREAM, 0)
		c.must("linger", c.Setsockopt(caller(), unix.SOL_SOCKET, unix.SO_LINGER, []byte{1, 0, 0, 0, 0, 0, 0, 0}))
		c.must("connect", c.connect(in4(addrB, 7000)))
		s, _ := l.accept()
		c.Release(caller())
		s.Release(caller())
	}
	eventually(t, "connections to go", func() bool { return len(b.Sockets()) == 1 && len(a.Sockets()) == 0 })
	eventually(t, "goroutines to end", func() bool { return runtime.NumGoroutine() <= goroutines+2 })
}

// BenchmarkTCP is one stream from stack to stack over a cable in memory.
func BenchmarkTCP(b *testing.B) {
	x, y := twoStacks(b)
	c, s := connected(b, x, y)
	chunk := make([]byte, 1<<16)
	b.SetBytes(int64(len(chunk)))
	done := make(chan struct{})
	go func() {
		defer close(done)
		m := &engine.Message{Data: make([]byte, 1<<18)}
		for {
			var n int
			err := s.retry("recv", func() (err error) { n, err = s.Recv(caller(), m, 0); return })
			if n == 0 || err != nil {
				return
			}
		}
	}()
	for b.Loop() {
		for sent := 0; sent < len(chunk); {
			sent += c.send(chunk[sent:], nil)
		}
	}
	c.must("shutdown", c.Shutdown(caller(), unix.SHUT_WR))
	<-done
}
