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
	IsStack(path string) error
	Supports(stack string, family int) bool
	SetDefaultStack(stack string, family int) error
	Environ() []string
	Exec(name string, argv, env []string) error
}

var command = cli.Command{
	Name:     "vustack",
	Synopsis: []string{"[OPTION]... STACK COMMAND [ARG]..."},
	Summary:  "Run a command that uses a network stack by default, for all address families.",
	Options: []cli.Option{
		{Short: "f", Long: []string{"families", "family"}, Arg: "LIST", Help: "for these families only, by name or number"},
		{Short: "s", Long: []string{"supported"}, Help: "for the families that the stack supports only"},
		{Short: "v", Long: []string{"verbose"}, Help: "tell which families; with -h, list their names"},
		cli.Help,
	},
	UsageStatus:   1,
	StopAtOperand: true,
}

func run(args []string, stdout, stderr io.Writer, sys system) int {
	p, err := command.Parse(args)
	switch {
	case err != nil:
		return command.Fail(stderr, err.Error())
	case p.Has("help"):
		text := command.Usage()
		if p.Has("verbose") {
			text += familyHelp()
		}
		return command.Print(stdout, stderr, text)
	case !sys.InView():
		fmt.Fprintf(stderr, "%s is a vuos command\n", command.Name)
		return 1
	}
	var chosen selection
	for _, s := range p.Settings {
		if s.Name != "families" {
			continue
		}
		if err := chosen.add(s.Value); err != nil {
			fmt.Fprintf(stderr, "%s: %v\n", command.Name, err)
			return 1
		}
	}
	if len(p.Operands) < 2 {
		return command.Fail(stderr, "a stack and a command are needed")
	}
	return enter(p, &chosen, stderr, sys)
}

// enter makes the stack the default one and becomes the command.
func enter(p *cli.Parsed, chosen *selection, stderr io.Writer, sys system) int {
	stack, program := p.Operands[0], p.Operands[1:]
	if err := sys.IsStack(stack); err != nil {
		fmt.Fprintf(stderr, "%s: %s\n", stack, vu.Strerror(err))
		return 1
	}
	if p.Has("supported") {
		chosen.addSupported(sys, stack)
	}
	if p.Has("verbose") {
		io.WriteString(stderr, chosen.describe(stack))
	}
	for _, family := range chosen.list() {
		if err := sys.SetDefaultStack(stack, family); err != nil {
			fmt.Fprintf(stderr, "%s: msocket: %s\n", command.Name, vu.Strerror(err))
			return 1
		}
	}
	err := sys.Exec(program[0], program, sys.Environ())
	fmt.Fprintf(stderr, "%s: %s: %s\n", command.Name, program[0], vu.Strerror(err))
	return vu.ExecStatus(err)
}
