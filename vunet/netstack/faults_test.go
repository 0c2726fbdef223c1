// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/vunet/netconf"
)

// question is an ARP request for addrA, answer how its answer begins.
func question(mac []byte) []byte {
	f := append([]byte{255, 255, 255, 255, 255, 255}, mac...)
	f = append(f, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1)
	f = append(f, mac...)
	f = append(f, addrB[:]...)
	f = append(f, make([]byte, 6)...)
	return append(f, addrA[:]...)
}

// TestMalformedFrames: whatever comes from the wire, the stack answers what is right, and counts what is too short or too long.
func TestMalformedFrames(t *testing.T) {
	near, far := newPipe()
	s := oneStack(t, near)
	configure(t, s, addrA)
	mac := []byte{2, 0, 0, 0, 0, 0xb}
	random := rand.New(rand.NewPCG(1, 2))
	own := s.conf.Link(2).Addr
	frame := func(dst []byte, proto uint16, payload []byte) []byte {
		f := append(append(bytes.Clone(dst), mac...), byte(proto>>8), byte(proto))
		return append(f, payload...)
	}
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	var bad [][]byte
	for n := range 14 {
		bad = append(bad, make([]byte, n))
	}
	bad = append(bad, make([]byte, 1519), make([]byte, pipeFrame))
	counted := uint64(len(bad))
	for _, proto := range []uint16{0, 1, 0x5ff, unix.ETH_P_IP, unix.ETH_P_ARP, unix.ETH_P_IPV6, unix.ETH_P_8021Q, 0xffff} {
		for n := range 120 {
			bad = append(bad, frame(own, proto, noise(n)), frame(own, proto, make([]byte, n)))
			if n > 0 {
				head := noise(n)
				head[0] = 0x45
				if proto == unix.ETH_P_IPV6 {
					head[0] = 0x60
				}
				bad = append(bad, frame(own, proto, head))
			}
		}
	}
	for range 20000 {
		f := question(mac)
		f[random.IntN(len(f))] ^= byte(random.Uint32())
		bad = append(bad, f[:14+random.IntN(len(f)-13)])
	}
	go func() { _, _ = far.Send(bad) }() // it fails when the test ends before
	eventually(t, "all frames taken", func() bool { return len(near.in) == 0 && s.conf.Stats(2).RxErrors >= counted })
	bufs, sizes := [][]byte{make([]byte, pipeFrame)}, []int{0}
	if _, err := far.Send([][]byte{question(mac)}); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := far.Recv(bufs, sizes); err != nil {
			t.Fatal(err)
		}
		if f := bufs[0][:sizes[0]]; len(f) >= 42 && bytes.Equal(f[:6], mac) && f[21] == 2 && bytes.Equal(f[22:28], own) {
			break
		}
	}
	if got := s.conf.Stats(2).RxErrors; got != counted {
		t.Errorf("%d frames of a wrong length, not %d", got, counted)
	}
}

// TestNothingStays: what stacks and their sockets start ends with them.
func TestNothingStays(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 3 {
		near, far := newPipe()
		for i, w := range []*pipe{near, far} {
			s, err := New(Options{Interfaces: []Interface{{Wire: w}}})
			if err != nil {
				t.Fatal(err)
			}
			configure(t, s, [4]byte{10, 0, 0, byte(i + 1)})
			if err := s.conf.SetLink(2, &netconf.LinkChange{Flags: 0, Mask: unix.IFF_UP}); err != nil {
				t.Fatal(err)
			}
			for _, typ := range []int{unix.SOCK_STREAM, unix.SOCK_DGRAM} {
				x, err := s.Socket(caller(), unix.AF_INET, typ, 0)
				if err != nil {
					t.Fatal(err)
				}
				x.Release(caller())
			}
			s.Close()
		}
	}
	eventually(t, "the end of all goroutines", func() bool { return runtime.NumGoroutine() <= before })
}
