// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/tools/vuutils/vutest"
)

func runFake(args []string, stdout, stderr io.Writer, sys *vutest.Fake) int {
	return run(args, stdout, stderr, sys)
}

func TestRun(t *testing.T) {
	net := vutest.Fake{
		Modes:    map[string]uint32{"/net": 0o160777, "/file": 0o100644},
		Families: []int{2, 10, 16, 17},
	}
	failing := net
	failing.Errors = map[string]error{"stack /net 0": unix.EPROTONOSUPPORT}
	missing := net
	missing.Errors = map[string]error{`exec nosuch ["nosuch"]`: unix.ENOENT}
	const (
		ipCalls = "stack /net 2; stack /net 10; stack /net 16; stack /net 17; "
		ip      = ` inet(2) inet6(10) netlink(16) packet(17)` + "\n"
		header  = "Using /net for the following address families:\n   "
		tried   = "vustack: ip: Function not implemented\n"
	)
	vutest.Check(t, runFake, []vutest.Case{
		{Name: "help", Args: "-h", System: vutest.Fake{Outside: true}, Out: "Usage: vustack ..."},
		{Name: "outside", Args: "/net ip", System: vutest.Fake{Outside: true}, Err: "vustack is a vuos command\n", Status: 1},
		{Name: "operands", Args: "/net", System: net, Err: "vustack: a stack and a command are needed\nUsage: ...", Status: 1},
		{Name: "all", Args: "/net ip", System: net, Err: tried, Status: 126, Calls: `stack /net 0; exec ip ["ip"]`},
		{Name: "options of the command", Args: "/net ip -br link", System: net, Err: tried, Status: 126,
			Calls: `stack /net 0; exec ip ["ip" "-br" "link"]`},
		{Name: "all, verbose", Args: "-v /net ip", System: net, Err: "Using /net for ALL address families\n" + tried, Status: 126,
			Calls: `stack /net 0; exec ip ["ip"]`},
		{Name: "supported", Args: "-s -v /net ip", System: net, Err: header + ip + tried, Status: 126, Calls: ipCalls + `exec ip ["ip"]`},
		{Name: "alias ip", Args: "-vfip /net ip", System: net, Err: header + ip + tried, Status: 126, Calls: ipCalls + `exec ip ["ip"]`},
		{Name: "other aliases", Args: "-v -f ipv4,IP6,bt,ir /net ip", System: net, Status: 126,
			Err:   header + " inet(2) inet6(10) irda(23) bluetooth(31)\n" + tried,
			Calls: `stack /net 2; stack /net 10; stack /net 23; stack /net 31; exec ip ["ip"]`},
		{Name: "numbers", Args: "--family=0x1c,56 --families local -v /net ip", System: net, Status: 126,
			Err:   header + " local(1) mpls(28) unknown(56)\n" + tried,
			Calls: `stack /net 1; stack /net 28; stack /net 56; exec ip ["ip"]`},
		{Name: "all by name", Args: "-f inet,all /net ip", System: net, Err: tried, Status: 126, Calls: `stack /net 0; exec ip ["ip"]`},
		{Name: "unknown family", Args: "-f inet,foo /net ip", System: net, Err: "vustack: unknown protocol family foo\n", Status: 1},
		{Name: "family 0", Args: "-f 0 /net ip", System: net, Err: "vustack: unknown protocol family 0\n", Status: 1},
		{Name: "family 57", Args: "-f 57 /net ip", System: net, Err: "vustack: unknown protocol family 57\n", Status: 1},
		{Name: "no family", Args: "-f , /net ip", System: net, Err: "vustack: unknown protocol family \n", Status: 1},
		{Name: "not a stack", Args: "/file ip", System: net, Err: "/file: Operation not supported\n", Status: 1},
		{Name: "no stack", Args: "/no ip", System: net, Err: "/no: No such file or directory\n", Status: 1},
		{Name: "refused", Args: "/net ip", System: failing, Err: "vustack: msocket: Protocol not supported\n", Status: 1, Calls: "stack /net 0"},
		{Name: "no command", Args: "/net nosuch", System: missing, Err: "vustack: nosuch: No such file or directory\n", Status: 127,
			Calls: `stack /net 0; exec nosuch ["nosuch"]`},
	})
}

func TestFamilyNumbers(t *testing.T) {
	for name, want := range map[string]int{"local": 1, "inet6": 10, "netlink": 16, "packet": 17, "bluetooth": 31, "mctp": 45} {
		if got, err := parseFamily(name); err != nil || got[0] != want {
			t.Errorf("%s: %v %v, want %d", name, got, err, want)
		}
	}
	for f := 1; f < len(familyNames); f++ {
		if familyName(f) == "" {
			t.Errorf("family %d has no name", f)
		}
	}
}

// FuzzSelection: a list is refused or names families that there can be.
func FuzzSelection(f *testing.F) {
	for _, s := range []string{"", "ip", "all", "2,0x10", "-1", "99999999999", "inet,,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, list string) {
		var s selection
		if s.add(list) != nil {
			return
		}
		for _, family := range s.list() {
			if family < 0 || family > maxFamily {
				t.Errorf("%q gives family %d", list, family)
			}
		}
	})
}
