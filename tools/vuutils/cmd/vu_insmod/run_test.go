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

const outside = "This is a VUOS command. It works only inside a vuos virtual namespace\nUsage: vu_insmod ..."

func TestRun(t *testing.T) {
	missing := vutest.Fake{Errors: map[string]error{"insmod nosuch false": unix.ENOENT}}
	twice := vutest.Fake{Errors: map[string]error{"insmod vufs false": unix.EEXIST}}
	vutest.Check(t, runFake, []vutest.Case{
		{Name: "help", Args: "-h", Out: "Usage: vu_insmod [OPTION]... MODULE...\n..."},
		{Name: "help outside", Args: "--help", System: vutest.Fake{Outside: true}, Out: "Usage: vu_insmod ..."},
		{Name: "outside", Args: "vufs", System: vutest.Fake{Outside: true}, Err: outside, Status: 2},
		{Name: "no module", Err: "vu_insmod: no module given\nUsage: ...", Status: 2},
		{Name: "bad option", Args: "-z vufs", Err: "vu_insmod: invalid option -- 'z'\nUsage: ...", Status: 2},
		{Name: "two", Args: "vufs vudev", Calls: "insmod vufs false; insmod vudev false"},
		{Name: "permanent", Args: "vufs -p", Calls: "insmod vufs true"},
		{Name: "long", Args: "--perm vufs", Calls: "insmod vufs true"},
		{Name: "dash", Args: "-- -p", Calls: "insmod -p false"},
		{
			Name: "unknown, then one that is there", Args: "nosuch vufs", System: missing,
			Err: "loading of module nosuch failed: No such file or directory\n", Status: 1,
			Calls: "insmod nosuch false; insmod vufs false",
		},
		{
			Name: "twice", Args: "vufs", System: twice,
			Err: "module vufs already loaded\nvufs: File exists\n", Status: 1, Calls: "insmod vufs false",
		},
	})
}
