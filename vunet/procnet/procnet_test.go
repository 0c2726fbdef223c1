// SPDX-License-Identifier: Apache-2.0

package procnet_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/engine/enginetest"
	"vuos.dev/vunet/netconf"
	"vuos.dev/vunet/netstack"
	"vuos.dev/vunet/procnet"
)

// headed are the files whose first line names the columns.
var headed = []string{"dev", "route", "arp", "tcp", "tcp6", "udp", "udp6", "raw", "raw6", "icmp", "packet", "netlink", "wireless"}

func firstLine(b []byte) string {
	l, _, _ := bytes.Cut(b, []byte{'\n'})
	return string(l)
}

// TestHeadings compares the headings with the kernel's.
func TestHeadings(t *testing.T) {
	s, err := netstack.New(netstack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, name := range headed {
		kernel, err := os.ReadFile("/proc/net/" + name)
		if os.IsNotExist(err) {
			continue // a kernel without that protocol
		}
		if err != nil {
			t.Fatal(err)
		}
		ours, _ := procnet.File(s, name)
		if a, b := firstLine(kernel), firstLine(ours); a != b {
			t.Errorf("%s:\nkernel %q\nours   %q", name, a, b)
		}
	}
}

// TestLoopbackTables compares what lo brings with what the kernel shows of its own.
func TestLoopbackTables(t *testing.T) {
	s, err := netstack.New(netstack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Config().SetLink(1, &netconf.LinkChange{Flags: unix.IFF_UP, Mask: unix.IFF_UP}); err != nil {
		t.Fatal(err)
	}
	if got, _ := procnet.File(s, "if_inet6"); string(got) != "00000000000000000000000000000001 01 80 10 80       lo\n" {
		t.Errorf("if_inet6: %q", got)
	}
	c := enginetest.NewCall()
	c.Who.CapEff = 1<<41 - 1
	x, err := s.Socket(c, unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Release(c)
	if err := x.Bind(c, []byte{2, 0, 0x1f, 0x90, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}); err != nil {
		t.Fatal(err)
	}
	if err := x.Listen(c, 5); err != nil {
		t.Fatal(err)
	}
	tcp, _ := procnet.File(s, "tcp")
	if !strings.Contains(string(tcp), "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000 ") {
		t.Errorf("tcp:\n%s", tcp)
	}
	for _, n := range procnet.Names() {
		if _, ok := procnet.File(s, n); !ok {
			t.Errorf("%s is listed and cannot be read", n)
		}
	}
	if sys := procnet.SysClassNet(s.Config(), "lo"); string(sys["mtu"]) != "65536\n" || string(sys["operstate"]) != "unknown\n" {
		t.Errorf("/sys/class/net/lo: %q", sys)
	}
}

// TestCounters compares the columns of the protocols' counters with the kernel's: one has those of the other, and perhaps more.
func TestCounters(t *testing.T) {
	s, err := netstack.New(netstack.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	kernel, err := os.ReadFile("/proc/net/snmp")
	if err != nil {
		t.Fatal(err)
	}
	ours, ok := procnet.File(s, "snmp")
	if !ok {
		t.Fatal("no file")
	}
	for _, proto := range []string{"Ip: F", "Tcp: R", "Udp: I"} {
		a, b := lineOf(kernel, proto), lineOf(ours, proto)
		if a == "" || !strings.HasPrefix(a, b) && !strings.HasPrefix(b, a) {
			t.Errorf("kernel %q\nours   %q", a, b)
		}
	}
	if got := lineOf(ours, "Ip: 2 64 "); got == "" {
		t.Errorf("forwarding and time to live are not there:\n%s", ours)
	}
}

// lineOf is the first line that begins with a prefix.
func lineOf(text []byte, prefix string) string {
	for l := range strings.Lines(string(text)) {
		if strings.HasPrefix(l, prefix) {
			return strings.TrimSpace(l)
		}
	}
	return ""
}
