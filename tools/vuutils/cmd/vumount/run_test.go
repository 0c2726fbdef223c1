// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"testing"

	"vuos.dev/tools/vuutils/vutest"
)

func runFake(args []string, stdout, stderr io.Writer, sys *vutest.Fake) int {
	return run(args, stdout, stderr, sys)
}

const mountTable = `/dev/vda / ext4 rw,relatime 0 0
proc /proc proc rw 0 0
/tmp/disk\040image /mnt/a\134b vufuseext2 ro 0 0
short line
`

func TestList(t *testing.T) {
	sys := vutest.Fake{Files: map[string]string{"mounts": mountTable}}
	vutest.Check(t, runFake, []vutest.Case{
		{Name: "help", Args: "--help", Out: "Usage: vumount [OPTION]... SOURCE TARGET\n..."},
		{Name: "all", System: sys, Out: "/dev/vda on / type ext4 (rw,relatime)\nproc on /proc type proc (rw)\n" +
			"/tmp/disk image on /mnt/a\\b type vufuseext2 (ro)\n"},
		{Name: "some", Args: "-t proc,ext4", System: sys, Out: "/dev/vda on / type ext4 (rw,relatime)\nproc on /proc type proc (rw)\n"},
		{Name: "others", Args: "-t noproc,ext4", System: sys, Out: "/tmp/disk image on /mnt/a\\b type vufuseext2 (ro)\n"},
		{Name: "no table", Err: "vumount: file does not exist\n", Status: 1},
	})
}

func TestCommandLine(t *testing.T) {
	const usage = "vumount: a source and a target are needed\nUsage: ..."
	vutest.Check(t, runFake, []vutest.Case{
		{Name: "plain", Args: "-t vufs /a /b", Calls: `mount "/a" "/b" "vufs" 0x8000 ""`},
		{Name: "data", Args: `-t vufs -o except=/x,ro,cow,size=1 -o defaults /a /b`,
			Calls: `mount "/a" "/b" "vufs" 0x8001 "except=/x,cow,size=1"`},
		{Name: "last wins", Args: "/a -t x /b -r -w", Calls: `mount "/a" "/b" "x" 0x8000 ""`},
		{Name: "order kept", Args: "-t x -o rw -r /a /b", Calls: `mount "/a" "/b" "x" 0x8001 ""`},
		{Name: "quoted", Args: `-t x -o c="a,ro",b\,ro,ro= /a /b`, Calls: `mount "/a" "/b" "x" 0x8000 "c=\"a,ro\",b\\,ro,ro="`},
		{Name: "loud", Args: "-t x -o loud /a /b", Calls: `mount "/a" "/b" "x" 0x0 ""`},
		{Name: "typed bind", Args: "-t vufs -o bind,ro /a /b", Calls: `mount "/a" "/b" "vufs" 0x9001 ""`},
		{Name: "typed move", Args: "-t vufs -o move /a /b", Calls: `mount "/a" "/b" "vufs" 0xa000 ""`},
		{Name: "bind", Args: "-B /a /b", Calls: `mount "/a" "/b" "" 0x9000 ""`},
		{Name: "rbind", Args: "-R /a /b", Calls: `mount "/a" "/b" "" 0xd000 ""`},
		{Name: "move", Args: "--move /a /b", Calls: `mount "/a" "/b" "" 0xa000 ""`},
		{Name: "bind read-only", Args: "-B -r /a /b",
			Calls: `mount "/a" "/b" "" 0x9000 ""; mount "none" "/b" "" 0x9021 ""`},
		{Name: "bind and propagation", Args: "-R -o rslave /a /b",
			Calls: `mount "/a" "/b" "" 0xd000 ""; mount "none" "/b" "" 0x8c000 ""`},
		{Name: "bind, not its mounts", Args: "-B -o rprivate /a /b",
			Calls: `mount "/a" "/b" "" 0x9000 ""; mount "none" "/b" "" 0x4c000 ""`},
		{Name: "propagation", Args: "-o shared /b", Calls: `mount "none" "/b" "" 0x108000 ""`},
		{Name: "remount", Args: "-o remount,noexec /b", Calls: `mount "none" "/b" "" 0x8028 ""`},
		{Name: "one operand", Args: "-t vufs /b", Err: usage, Status: 1},
		{Name: "three operands", Args: "a b c", Err: usage, Status: 1},
		{Name: "options alone", Args: "-o ro", Err: usage, Status: 1},
		{Name: "no argument", Args: "a b -t", Err: "vumount: option requires an argument -- 't'\nUsage: ...", Status: 1},
	})
}
