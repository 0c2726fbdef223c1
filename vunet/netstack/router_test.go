// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip/header"

	"vuos.dev/vunet/netconf"
)

// Networks of a router: it is addrB in that of addrA, and gateway in that of far.
var (
	far     = [4]byte{10, 0, 1, 1}
	gateway = [4]byte{10, 0, 1, 2}
)

// router makes a stack that forwards. The test closes it.
func router(t *testing.T, near, next Wire) *Stack {
	t.Helper()
	r, err := New(Options{Interfaces: []Interface{{Wire: near}, {Wire: next}}})
	if err != nil {
		t.Fatal(err)
	}
	configure(t, r, addrB)
	for _, err := range []error{
		r.conf.SetLink(3, &netconf.LinkChange{Flags: unix.IFF_UP, Mask: unix.IFF_UP}),
		r.conf.AddAddr(&netconf.Addr{Link: 3, Local: from4(gateway), Bits: 24, Label: "vde1"}, true, false),
		r.conf.SetForwarding(0, unix.AF_INET, true),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// TestCloseRouter closes a stack while it has packets to forward.
func TestCloseRouter(t *testing.T) {
	for range 20 {
		outside, near := newPipe()
		next, _ := newPipe()
		r := router(t, near, next)
		pkt := bigPacket(header.IPv4ProtocolNumber, []byte("data"), header.TCPFlagAck)
		header.IPv4(pkt.NetworkHeader().Slice()).SetDestinationAddress(toAddress(from4(far)))
		frame := cut(pkt)[0]
		copy(frame, r.links[2].LinkAddress())
		go func() {
			for {
				if _, err := outside.Send([][]byte{frame}); err != nil {
					return
				}
			}
		}()
		eventually(t, "packets to come in", func() bool { return r.ip.Stats().IP.PacketsReceived.Value() > 100 })
		done := make(chan struct{})
		go func() {
			r.Close()
			close(done)
		}()
		select {
		case <-done:
		case <-time.After(patience):
			t.Fatal("it does not end")
		}
	}
}

// TestRouter sends a stream through a stack that forwards. Its segments must leave as they came: joined, they
// would be longer than the next link takes.
//
// The race detector finds that gVisor reads the TTL of a packet that is forwarded from memory it has given back
// (ipv4.go:forwardPacketWithRoute(), behind DeepCopyForForwarding()).
func TestRouter(t *testing.T) {
	w1, w2 := newPipe()
	w3, w4 := newPipe()
	a, b := oneStack(t, w1), oneStack(t, w4)
	r := router(t, w2, w3)
	t.Cleanup(r.Close)
	configure(t, a, addrA)
	configure(t, b, far)
	for _, err := range []error{
		a.conf.AddRoute(defaultRoute(addrB), unix.NLM_F_CREATE),
		b.conf.AddRoute(defaultRoute(gateway), unix.NLM_F_CREATE),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}

	l := open(t, b, unix.AF_INET, unix.SOCK_STREAM, 0)
	l.bind(in4(far, 7000))
	l.must("listen", l.Listen(caller(), 5))
	c := open(t, a, unix.AF_INET, unix.SOCK_STREAM, 0)
	c.must("connect", c.connect(in4(far, 7000)))
	s, _ := l.accept()
	t.Cleanup(func() { s.Release(caller()) })

	data := bytes.Repeat([]byte("through a router"), 1<<16)
	go func() {
		for p := data; len(p) > 0; {
			p = p[c.send(p, nil):]
		}
	}()
	var got []byte
	for len(got) < len(data) {
		m, n, err := s.recv(1<<16, 0)
		if err != nil || n == 0 {
			t.Fatalf("after %d bytes: %v", len(got), err)
		}
		got = append(got, m.Data...)
	}
	if !bytes.Equal(got, data) {
		t.Error("other data came out")
	}
	if n := r.ip.Stats().IP.Forwarding.PacketTooBig.Value(); n > 0 {
		t.Errorf("%d packets were too big to go on", n)
	}
}

func defaultRoute(gateway [4]byte) *netconf.Route {
	return &netconf.Route{
		Family: unix.AF_INET, Table: unix.RT_TABLE_MAIN, Dst: netip.PrefixFrom(netip.IPv4Unspecified(), 0),
		Type: unix.RTN_UNICAST, Proto: unix.RTPROT_BOOT, Hops: []netconf.NextHop{{Link: 2, Gateway: from4(gateway)}},
	}
}
