// SPDX-License-Identifier: Apache-2.0

package netstack

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"

	"vuos.dev/vunet/netconf"
)

// TestMTUTooSmallForIPv6: IPv6 goes from a link, comes back with a larger MTU, and is not shown one that it cannot work with.
func TestMTUTooSmallForIPv6(t *testing.T) {
	a, b := twoStacks(t)
	addresses := func() (n int) {
		for _, x := range a.conf.Addrs() {
			if x.Link == 2 && x.Local.Is6() {
				n++
			}
		}
		return n
	}
	set := func(mtu uint32) {
		t.Helper()
		if err := a.conf.SetLink(2, &netconf.LinkChange{MTU: &mtu}); err != nil {
			t.Fatal(err)
		}
	}
	own := &netconf.Addr{Link: 2, Local: netip.MustParseAddr("fd00::1"), Bits: 64, Flags: unix.IFA_F_NODAD}
	if err := a.conf.AddAddr(own, false, false); err != nil {
		t.Fatal(err)
	}
	if n := addresses(); n != 2 {
		t.Fatalf("%d addresses", n)
	}
	set(576)
	if n := addresses(); n != 0 {
		t.Errorf("%d addresses with an MTU of 576", n)
	}
	ep, err := a.ip.GetNetworkEndpoint(2, ipv6.ProtocolNumber)
	if err != nil || ep.MTU() < header.IPv6MinimumMTU-header.IPv6MinimumSize {
		t.Errorf("IPv6 sees an MTU of %d, %v", ep.MTU(), err)
	}
	if err := a.conf.AddAddr(own, false, false); err != unix.EINVAL {
		t.Errorf("address with an MTU of 576: %v", err)
	}
	s, r := open(t, a, unix.AF_INET, unix.SOCK_DGRAM, 0), open(t, b, unix.AF_INET, unix.SOCK_DGRAM, 0)
	r.bind(in4(addrB, 5000))
	s.send(make([]byte, 1000), in4(addrB, 5000)) // in two fragments
	if got := r.text(2000); len(got) != 1000 {
		t.Errorf("received %d bytes", len(got))
	}
	set(1500)
	if n := addresses(); n != 1 {
		t.Errorf("%d addresses with an MTU of 1500 again", n)
	}
}
