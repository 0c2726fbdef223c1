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
	sys := vutest.Fake{Errors: map[string]error{"rmmod busy": unix.EBUSY, "rmmod nosuch": unix.ENOENT}}
	vutest.Check(t, runFake, []vutest.Case{
		{Name: "help", Args: "--help", System: vutest.Fake{Outside: true}, Out: "Usage: vu_rmmod ..."},
		{
			Name: "outside", Args: "vufs", System: vutest.Fake{Outside: true}, Status: 2,
			Err: "This is a VUOS command. It works only inside a vuos virtual namespace\nUsage: vu_rmmod ...",
		},
		{Name: "no module", Err: "vu_rmmod: no module given\nUsage: ...", Status: 2},
		{Name: "two", Args: "a b", Calls: "rmmod a; rmmod b"},
		{
			Name: "one fails", Args: "busy a", System: sys, Status: 1,
			Err: "module busy: Device or resource busy\n", Calls: "rmmod busy; rmmod a",
		},
		{
			Name: "not loaded", Args: "nosuch", System: sys, Status: 1,
			Err: "module nosuch is not loaded\n", Calls: "rmmod nosuch",
		},
	})
}
