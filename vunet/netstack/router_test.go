// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"bytes"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/vunet/netconf"
)

// TestRouter sends a stream through a stack that forwards. Its segments must leave as they came: joined, they
// would be longer than the next link takes.
func TestRouter(t *testing.T) {
	w1, w2 := newPipe()
	w3, w4 := newPipe()
	a, b := oneStack(t, w1), oneStack(t, w4)
	r, err := New(Options{Interfaces: []Interface{{Wire: w2}, {Wire: w3}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	far := [4]byte{10, 0, 1, 1}
	configure(t, a, addrA)
	configure(t, b, far)
	configure(t, r, addrB)
	gateway := [4]byte{10, 0, 1, 2}
	up := &netconf.LinkChange{Flags: unix.IFF_UP, Mask: unix.IFF_UP}
	for _, err := range []error{
		r.conf.SetLink(3, up),
		r.conf.AddAddr(&netconf.Addr{Link: 3, Local: from4(gateway), Bits: 24, Label: "vde1"}, true, false),
		r.conf.SetForwarding(0, unix.AF_INET, true),
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
