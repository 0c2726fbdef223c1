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
	Insmod(name string, permanent bool) error
}

var command = cli.Command{
	Name:     "vu_insmod",
	Synopsis: []string{"[OPTION]... MODULE..."},
	Summary:  "Load modules into the view.",
	Options: []cli.Option{
		{Short: "p", Long: []string{"permanent"}, Help: "vu_rmmod cannot remove the modules"},
		cli.Help,
	},
	UsageStatus: 2,
}

// run loads each module and returns 1 if any could not be loaded.
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
		if err := sys.Insmod(name, p.Has("permanent")); err != nil {
			report(stderr, name, err)
			status = 1
		}
	}
	return status
}

func report(stderr io.Writer, name string, err error) {
	if err == unix.EEXIST {
		fmt.Fprintf(stderr, "module %s already loaded\n", name)
		fmt.Fprintf(stderr, "%s: %s\n", name, vu.Strerror(err))
		return
	}
	fmt.Fprintf(stderr, "loading of module %s failed: %s\n", name, vu.Strerror(err))
}
