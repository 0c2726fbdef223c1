// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"

	"golang.org/x/sys/unix"

	"vuos.dev/tools/vuutils/cli"
	"vuos.dev/tools/vuutils/vu"
)

// system is what the command needs of [vu.System].
type system interface {
	InView() bool
	Rmmod(name string) error
}

var command = cli.Command{
	Name:        "vu_rmmod",
	Synopsis:    []string{"[OPTION]... MODULE..."},
	Summary:     "Remove modules from the view.",
	Options:     []cli.Option{cli.Help},
	UsageStatus: 2,
}

// run removes each module and returns 1 if any could not be removed.
func run(args []string, stdout, stderr io.Writer, sys system) int {
	p, status := command.Start(args, stdout, stderr)
	switch {
	case p == nil:
		return status
	case !sys.InView():
		return command.Outside(stderr)
	case len(p.Operands) == 0:
		return command.Fail(stderr, "no module given")
	}
	for _, name := range p.Operands {
		switch err := sys.Rmmod(name); err {
		case nil:
			continue
		case unix.ENOENT:
			fmt.Fprintf(stderr, "module %s is not loaded\n", name)
		default:
			fmt.Fprintf(stderr, "module %s: %s\n", name, vu.Strerror(err))
		}
		status = 1
	}
	return status
}
