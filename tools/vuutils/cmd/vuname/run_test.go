// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"testing"

	"golang.org/x/sys/unix"

	"vuos.dev/tools/vuutils/vu"
	"vuos.dev/tools/vuutils/vutest"
)

func runFake(args []string, stdout, stderr io.Writer, sys *vutest.Fake) int {
	return run(args, stdout, stderr, sys)
}

func TestRun(t *testing.T) {
	kernel := vu.Info{Sysname: "Linux", Nodename: "host", Release: "6.1", Version: "#1 SMP", Machine: "x86_64"}
	view := kernel
	view.ServerID, view.Name = "42", "myview"
	unnamed := view
	unnamed.Name = ""
	in := vutest.Fake{View: view, Kernel: kernel}
	anonymous := vutest.Fake{View: unnamed, Kernel: kernel}
	out := vutest.Fake{Outside: true, Kernel: kernel}
	refusing := vutest.Fake{Errors: map[string]error{"setname long": unix.EINVAL}}
	vutest.Check(t, runFake, []vutest.Case{
		{Name: "help", Args: "-h", Out: "Usage: vuname [OPTION]...\n       vuname NAME\n..."},
		{Name: "version", Args: "--version", Out: "vuname (VUOS) 1.0\n"},
		{Name: "default", System: in, Out: "Linux\n"},
		{Name: "all", Args: "-a", System: in, Out: "Linux host 6.1 #1 SMP x86_64 GNU/Linux/VUOS 42 myview\n"},
		{Name: "all and more", Args: "-ap", System: in, Out: "Linux host 6.1 #1 SMP x86_64 GNU/Linux/VUOS 42 myview\n"},
		{Name: "all, unnamed", Args: "--all", System: anonymous, Out: "Linux host 6.1 #1 SMP x86_64 GNU/Linux/VUOS 42 \n"},
		{Name: "all outside", Args: "-a", System: out, Out: "Linux host 6.1 #1 SMP x86_64 GNU/Linux\n"},
		{Name: "fixed order", Args: "-VUoipmvrns", System: in,
			Out: "Linux host 6.1 #1 SMP x86_64 unknown unknown GNU/Linux/VUOS 42 myview\n"},
		{Name: "view's outside", Args: "-UV", System: out, Out: "\n"},
		{Name: "old letter", Args: "-N", System: in, Out: "myview\n"},
		{Name: "old name", Args: "--viewid", System: in, Out: "myview\n"},
		{Name: "prompt", Args: "-P", System: in, Out: "myview\n"},
		{Name: "prompt, unnamed", Args: "-P", System: anonymous, Out: "host[42]\n"},
		{Name: "prompt outside", Args: "-P", System: out, Out: "host\n"},
		{Name: "view only", Args: "-x", System: out, Err: "vuname: Function not implemented\n", Status: 1},
		{Name: "view only, quiet", Args: "-xqP", System: out, Status: 1},
		{Name: "view only inside", Args: "-xn", System: in, Out: "host\n"},
		{Name: "set", Args: "work", System: in, Calls: "setname work"},
		{Name: "set outside", Args: "work", System: out, Err: "vuname: Function not implemented\n", Status: 1},
		{Name: "set refused", Args: "long", System: refusing, Err: "vuname: Invalid argument\n", Status: 1, Calls: "setname long"},
		{Name: "set with option", Args: "-a work", System: in, Err: "vuname: extra operand 'work'\nUsage: ...", Status: 1},
		{Name: "bad option", Args: "-z", Err: "vuname: invalid option -- 'z'\nUsage: ...", Status: 1},
	})
}
