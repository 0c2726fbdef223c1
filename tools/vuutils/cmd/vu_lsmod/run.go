// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"

	"vuos.dev/tools/vuutils/cli"
	"vuos.dev/tools/vuutils/vu"
)

// system is what the command needs of [vu.System].
type system interface {
	InView() bool
	Lsmod() (string, error)
}

var command = cli.Command{
	Name:        "vu_lsmod",
	Synopsis:    []string{"[OPTION]..."},
	Summary:     "List the modules of the view, a line NAME: DESCRIPTION each.",
	Options:     []cli.Option{cli.Help},
	UsageStatus: 2,
}

func run(args []string, stdout, stderr io.Writer, sys system) int {
	p, status := command.Start(args, stdout, stderr)
	switch {
	case p == nil:
		return status
	case !sys.InView():
		return command.Outside(stderr)
	case len(p.Operands) > 0:
		return command.Fail(stderr, fmt.Sprintf("extra operand '%s'", p.Operands[0]))
	}
	list, err := sys.Lsmod()
	if err != nil {
		fmt.Fprintf(stderr, "%s: %s\n", command.Name, vu.Strerror(err))
		return 1
	}
	return command.Print(stdout, stderr, list)
}
