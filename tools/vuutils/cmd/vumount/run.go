// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"

	"golang.org/x/sys/unix"

	"vuos.dev/tools/vuutils/cli"
)

// system is what the command needs of [vu.System].
type system interface {
	InView() bool
	Lsmod() (string, error)
	Mount(source, target, fstype string, flags uintptr, data string) error
	MountError() string
	Stat(path string) (mode uint32, err error)
	Mounts() ([]byte, error)
}

var command = cli.Command{
	Name:     "vumount",
	Synopsis: []string{"[OPTION]... SOURCE TARGET", "[OPTION]... -o remount|shared|slave|private|unbindable[,...] TARGET", "[-t TYPE]"},
	Summary: "Mount a file system, device or network stack with mount(2).\n" +
		"Without operands, list what is mounted.",
	Options: []cli.Option{
		{Short: "t", Long: []string{"types"}, Arg: "TYPE", Help: "type of what is mounted"},
		{Short: "o", Long: []string{"options"}, Arg: "LIST", Help: "mount options, separated by commas"},
		{Short: "r", Long: []string{"read-only"}, Help: "same as -o ro"},
		{Short: "w", Long: []string{"rw", "read-write"}, Help: "same as -o rw"},
		{Short: "B", Long: []string{"bind"}, Help: "same as -o bind: show a tree at another place too"},
		{Short: "M", Long: []string{"move"}, Help: "same as -o move: move a mount to another place"},
		{Short: "R", Long: []string{"rbind"}, Help: "same as -o rbind: bind a tree with all mounts in it"},
		cli.Help,
	},
	UsageStatus: 1,
}

// flagOptions are the options that are another way to write one of -o.
var flagOptions = map[string]string{
	"read-only": "ro",
	"rw":        "rw",
	"bind":      "bind",
	"move":      "move",
	"rbind":     "rbind",
}

func run(args []string, stdout, stderr io.Writer, sys system) int {
	p, status := command.Start(args, stdout, stderr)
	if p == nil {
		return status
	}
	req := request{flags: defaultFlags}
	for _, s := range p.Settings {
		switch s.Name {
		case "types":
			req.fstype = s.Value
		case "options":
			req.addOptions(s.Value)
		default:
			req.addOptions(flagOptions[s.Name])
		}
	}
	switch {
	case len(p.Operands) == 2:
		req.source, req.target = p.Operands[0], p.Operands[1]
	case len(p.Operands) == 1 && req.needsNoSource():
		req.source, req.target = "none", p.Operands[0]
	case len(p.Operands) == 0 && onlyTypes(p):
		return list(stdout, stderr, sys, req.fstype)
	default:
		return command.Fail(stderr, "a source and a target are needed")
	}
	return mount(stderr, sys, &req)
}

// onlyTypes tells whether no other option than -t was given.
func onlyTypes(p *cli.Parsed) bool {
	for _, s := range p.Settings {
		if s.Name != "types" {
			return false
		}
	}
	return true
}

// mount makes the calls that the request takes and reports the first failure.
func mount(stderr io.Writer, sys system, req *request) int {
	for _, step := range req.steps() {
		err := sys.Mount(step.source, step.target, step.fstype, step.flags, step.data())
		if err == nil {
			continue
		}
		message := sys.MountError()
		if message == "" {
			message = explain(sys, &step, err)
		}
		if err == unix.EINVAL && step.second {
			message += " (it is mounted, but without these options)"
		}
		fmt.Fprintf(stderr, "%s: %s\n", command.Name, message)
		return 1
	}
	return 0
}
