// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

func from4(ip [4]byte) netip.Addr { return netip.AddrFrom4(ip) }

// in4 is a struct sockaddr_in.
func in4(ip [4]byte, port uint16) []byte {
	b := make([]byte, sizeofInet)
	binary.NativeEndian.PutUint16(b, unix.AF_INET)
	binary.BigEndian.PutUint16(b[2:], port)
	copy(b[4:], ip[:])
	return b
}

// in6 is a struct sockaddr_in6.
func in6(ip netip.Addr, port uint16, scope uint32) []byte {
	b := make([]byte, sizeofInet6)
	binary.NativeEndian.PutUint16(b, unix.AF_INET6)
	binary.BigEndian.PutUint16(b[2:], port)
	x := ip.As16()
	copy(b[8:], x[:])
	binary.NativeEndian.PutUint32(b[24:], scope)
	return b
}

// sock is a socket with a channel that ticks when something may have happened: the
// engine's waiting in small.
type sock struct {
	engine.Socket
	t    testing.TB
	tick chan struct{}
}

func open(t testing.TB, s *Stack, domain, typ, proto int) *sock {
	t.Helper()
	x, err := s.Socket(caller(), domain, typ, proto)
	if err != nil {
		t.Fatalf("socket: %v", err)
	}
	k := wrap(t, x)
	t.Cleanup(func() { k.Release(caller()) })
	return k
}

func wrap(t testing.TB, x engine.Socket) *sock {
	k := &sock{x, t, make(chan struct{}, 1)}
	x.Notify(func() {
		select {
		case k.tick <- struct{}{}:
		default:
		}
	})
	return k
}

// patience is how long a test waits for something that will come.
const patience = 20 * time.Second

// retry calls f until it does not say that it would block.
func (k *sock) retry(what string, f func() error) error {
	k.t.Helper()
	end := time.After(patience)
	for {
		err := f()
		if !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINPROGRESS) && !errors.Is(err, unix.EALREADY) {
			return err
		}
		select {
		case <-k.tick:
		case <-end:
			k.t.Fatalf("%s: nothing happened", what)
		}
	}
}

func (k *sock) must(what string, err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatalf("%s: %v", what, err)
	}
}

func (k *sock) bind(addr []byte) { k.t.Helper(); k.must("bind", k.Bind(caller(), addr)) }

func (k *sock) connect(addr []byte) error {
	k.t.Helper()
	return k.retry("connect", func() error { return k.Connect(caller(), addr) })
}

func (k *sock) accept() (*sock, []byte) {
	k.t.Helper()
	var n engine.Socket
	var peer []byte
	err := k.retry("accept", func() (err error) { n, peer, err = k.Accept(caller()); return })
	k.must("accept", err)
	return wrap(k.t, n), peer
}

func (k *sock) send(p []byte, addr []byte) int {
	k.t.Helper()
	var n int
	err := k.retry("send", func() (err error) { n, err = k.Send(caller(), &engine.Message{Data: p, Addr: addr}, 0); return })
	k.must("send", err)
	return n
}

// recv receives one message of at most size bytes.
func (k *sock) recv(size, flags int) (*engine.Message, int, error) {
	k.t.Helper()
	m := &engine.Message{Data: make([]byte, size)}
	var n int
	err := k.retry("recv", func() (err error) { n, err = k.Recv(caller(), m, flags); return })
	m.Data = m.Data[:min(n, size)]
	return m, n, err
}

func (k *sock) text(size int) string {
	k.t.Helper()
	m, _, err := k.recv(size, 0)
	k.must("recv", err)
	return string(m.Data)
}

func (k *sock) set(level, name int, v int32) {
	k.t.Helper()
	k.must("setsockopt", k.Setsockopt(caller(), level, name, binary.NativeEndian.AppendUint32(nil, uint32(v))))
}

func (k *sock) get(level, name int) int32 {
	k.t.Helper()
	b, err := k.Getsockopt(caller(), level, name, 4)
	k.must("getsockopt", err)
	return int32(binary.NativeEndian.Uint32(b))
}

// eventually waits for a condition that other goroutines bring about.
func eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if cond() {
			return
		}
	}
	t.Fatalf("%s: did not happen", what)
}
