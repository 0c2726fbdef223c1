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
	Umount(target string, flags int) error
}

var command = cli.Command{
	Name:     "vuumount",
	Synopsis: []string{"[OPTION]... TARGET..."},
	Summary:  "Unmount file systems, devices and network stacks.",
	Options: []cli.Option{
		{Short: "f", Long: []string{"force"}, Help: "give up what is pending there (MNT_FORCE)"},
		{Short: "d", Long: []string{"detach", "detach-loop"},
			Help: "unmount now, clean up when nothing uses it any more (MNT_DETACH)"},
		cli.Help,
	},
	UsageStatus: 1,
}

// run unmounts each target and returns 1 if any could not be unmounted.
func run(args []string, stdout, stderr io.Writer, sys system) int {
	p, status := command.Start(args, stdout, stderr)
	switch {
	case p == nil:
		return status
	case len(p.Operands) == 0:
		return command.Fail(stderr, "no target given")
	}
	flags := 0
	if p.Has("force") {
		flags |= unix.MNT_FORCE
	}
	if p.Has("detach") {
		flags |= unix.MNT_DETACH
	}
	for _, target := range p.Operands {
		if err := sys.Umount(target, flags); err != nil {
			fmt.Fprintf(stderr, "%s: %s: %s%s\n", command.Name, target, vu.Strerror(err), hint(err))
			status = 1
		}
	}
	return status
}

// hint says what an error of umount2(2) means.
func hint(err error) string {
	switch err {
	case unix.EINVAL:
		return " (not a mount point)"
	case unix.EPERM:
		return " (not a mount of this view)"
	case unix.EBUSY:
		return " (in use; -d detaches it all the same)"
	}
	return ""
}
