// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"

	"vuos.dev/tools/vuutils/cli"
	"vuos.dev/tools/vuutils/vu"
)

// system is what the command needs of [vu.System].
type system interface {
	InView() bool
	AddDebugTags(tags string, local bool) error
	DelDebugTags(tags string, local bool) error
	GetDebugTags(local bool) (string, error)
	DebugTagName(tag byte) (string, error)
	SetDebugColor(spec string) error
	Environ() []string
	Exec(name string, argv, env []string) error
}

var command = cli.Command{
	Name:     "vudebug",
	Synopsis: []string{"[SPEC]... [-- COMMAND [ARG]...]", "-h|--help"},
	Summary: "Set debug tags, of the whole view or of COMMAND only, or list those that are set.\n" +
		"SPEC is +TAGS[:COLOURS], -TAGS[:COLOURS], ?TAGS or TAGS:COLOURS; no TAGS means all.",
	Options: []cli.Option{cli.Help},
	Notes: "  +TAGS  set tags    -TAGS  clear tags    ?TAGS  list tags and their names\n\n" +
		"Colours: n black, w white, r red, g green, b blue, c cyan, m magenta, y yellow;\n" +
		"capital letters for the background; + bright, - dim, _ underlined, * blinking,\n" +
		"# reverse.\n",
	UsageStatus: 2,
}

func run(args []string, stdout, stderr io.Writer, sys system) int {
	if len(args) == 1 && (args[0] == "-h" || args[0] == "--help") {
		return command.Print(stdout, stderr, command.Usage())
	}
	if !sys.InView() {
		return command.Outside(stderr)
	}
	if len(args) == 0 {
		return finish(stdout, stderr, func() (string, error) { return active(sys) })
	}
	specs, program, local := cutProgram(args)
	if local && len(program) == 0 {
		return command.Fail(stderr, "no command after --")
	}
	parsed := make([]spec, 0, len(specs))
	for _, arg := range specs {
		s, err := parseSpec(arg)
		if err != nil {
			return command.Fail(stderr, err.Error())
		}
		parsed = append(parsed, s)
	}
	for _, s := range parsed {
		if status := finish(stdout, stderr, func() (string, error) { return s.apply(sys, local) }); status != 0 {
			return status
		}
	}
	if !local {
		return 0
	}
	err := sys.Exec(program[0], program, sys.Environ())
	fmt.Fprintf(stderr, "%s: %s: %s\n", command.Name, program[0], vu.Strerror(err))
	return vu.ExecStatus(err)
}

// cutProgram separates what follows the first "--".
func cutProgram(args []string) (specs, program []string, found bool) {
	for i, arg := range args {
		if arg == "--" {
			return args[:i], args[i+1:], true
		}
	}
	return args, nil, false
}

// finish prints what f returns, or its error, and returns the exit status.
func finish(stdout, stderr io.Writer, f func() (string, error)) int {
	text, err := f()
	if err != nil {
		fmt.Fprintf(stderr, "%s: %s\n", command.Name, vu.Strerror(err))
		return 1
	}
	return command.Print(stdout, stderr, text)
}

// active lists the tags that are set: the view's, then the process's own.
func active(sys system) (string, error) {
	var b strings.Builder
	tags, err := sys.GetDebugTags(false)
	if err != nil {
		return "", err
	}
	local, err := sys.GetDebugTags(true)
	if err != nil {
		return "", err
	}
	if tags != "" {
		fmt.Fprintf(&b, "%s\n", tags)
	}
	if local != "" {
		fmt.Fprintf(&b, "(%s)\n", local)
	}
	return b.String(), nil
}
