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
	list := "vufs: vu filesystem patchworking\nvudev: vu virtual devices\n"
	vutest.Check(t, runFake, []vutest.Case{
		{Name: "help", Args: "-h", System: vutest.Fake{Outside: true}, Out: "Usage: vu_lsmod ..."},
		{
			Name: "outside", System: vutest.Fake{Outside: true}, Status: 2,
			Err: "This is a VUOS command. It works only inside a vuos virtual namespace\nUsage: vu_lsmod ...",
		},
		{Name: "none", Out: ""},
		{Name: "two", System: vutest.Fake{List: list}, Out: list},
		{Name: "operand", Args: "vufs", Err: "vu_lsmod: extra operand 'vufs'\nUsage: ...", Status: 2},
		{
			Name: "failure", System: vutest.Fake{Errors: map[string]error{"lsmod": unix.EFAULT}},
			Err: "vu_lsmod: Bad address\n", Status: 1,
		},
	})
}
