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
	Info() (vu.Info, error)
	Uname() (vu.Info, error)
	SetName(name string) error
}

const version = "vuname (VUOS) 1.0\n"

var command = cli.Command{
	Name:     "vuname",
	Synopsis: []string{"[OPTION]...", "NAME"},
	Summary: "Print system information as uname(1) does, and that of the view; -s without options.\n" +
		"With NAME alone, name the view.",
	Options: []cli.Option{
		{Short: "a", Long: []string{"all"}, Help: "all of the following in this order, -p and -i only if known"},
		{Short: "s", Long: []string{"kernel-name"}, Help: "name of the kernel"},
		{Short: "n", Long: []string{"nodename"}, Help: "name of the host"},
		{Short: "r", Long: []string{"kernel-release"}, Help: "release of the kernel"},
		{Short: "v", Long: []string{"kernel-version"}, Help: "version of the kernel"},
		{Short: "m", Long: []string{"machine"}, Help: "kind of machine"},
		{Short: "p", Long: []string{"processor"}, Help: `type of the processor, or "unknown"`},
		{Short: "i", Long: []string{"hardware-platform"}, Help: `hardware platform, or "unknown"`},
		{Short: "o", Long: []string{"operating-system"}, Help: "operating system"},
		{Short: "U", Long: []string{"serverid"}, Help: "process id of umvu (in a view)"},
		{Short: "VN", Long: []string{"viewname", "viewid"}, Help: "name of the view (in a view)"},
		{Short: "P", Long: []string{"prompt"}, Help: "what fits into a shell's prompt: the name of the view, else HOST[PID]"},
		{Short: "x", Long: []string{"nouname"}, Help: "outside a view, fail instead of acting as uname"},
		{Short: "q", Long: []string{"quiet"}, Help: "no error messages"},
		cli.Help,
		{Long: []string{"version"}, Help: "print the version and exit"},
	},
	UsageStatus: 1,
}

func run(args []string, stdout, stderr io.Writer, sys system) int {
	p, err := command.Parse(args)
	switch {
	case err != nil:
		return command.Fail(stderr, err.Error())
	case p.Has("quiet"):
		stderr = io.Discard
	}
	switch {
	case p.Has("help"):
		return command.Print(stdout, stderr, command.Usage())
	case p.Has("version"):
		return command.Print(stdout, stderr, version)
	case len(p.Operands) == 1 && len(p.Settings) == 0:
		return failed(stderr, sys.SetName(p.Operands[0]))
	case len(p.Operands) > 0:
		return command.Fail(stderr, fmt.Sprintf("extra operand '%s'", p.Operands[0]))
	}
	info, inView, err := identify(sys, !p.Has("nouname"))
	if err != nil {
		return failed(stderr, err)
	}
	if p.Has("prompt") {
		return command.Print(stdout, stderr, prompt(info, inView)+"\n")
	}
	return command.Print(stdout, stderr, describe(p, info, inView)+"\n")
}

// failed reports an error, if there is one, and returns the exit status.
func failed(stderr io.Writer, err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintf(stderr, "%s: %s\n", command.Name, vu.Strerror(err))
	return 1
}

// identify asks the view, or the kernel if there is none and that is allowed.
func identify(sys system, kernel bool) (info vu.Info, inView bool, err error) {
	info, err = sys.Info()
	if err == nil {
		return info, true, nil
	}
	if kernel {
		info, err = sys.Uname()
	}
	return info, false, err
}
