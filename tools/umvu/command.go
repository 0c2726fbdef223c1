// SPDX-License-Identifier: Apache-2.0

package main

import "vuos.dev/tools/vuutils/cli"

// Exit statuses of umvu's own.
const (
	statusUsage = 2   // wrong command line
	statusSetup = 125 // the view cannot be set up
)

var command = cli.Command{
	Name:     "umvu",
	Synopsis: []string{"[OPTION]... COMMAND [ARG]..."},
	Summary:  "Run a command in a view of its own, in which files, devices and networks can be virtual.",
	Options: []cli.Option{
		{Short: "f", Long: []string{"rc"}, Arg: "FILE", Help: "run FILE first, instead of /etc/vurc and ~/.vurc"},
		{Short: "N", Long: []string{"norc"}, Help: "run neither /etc/vurc nor ~/.vurc"},
		{Short: "V", Long: []string{"vu_name"}, Arg: "NAME", Help: "name the view"},
		{Short: "x", Long: []string{"nonesting"}, Help: "modules see the real system only"},
		{Short: "S", Long: []string{"noseccomp"}, Help: "no effect, for old scripts"},
		{Short: "d", Long: []string{"debugtags"}, Arg: "TAGS", Help: "set debug tags"},
		{Short: "D", Long: []string{"debugcols"}, Arg: "TAGS:COLOURS", Help: "set colours of debug messages"},
		{Short: "l", Long: []string{"loglevel"}, Arg: "LEVEL", Help: "print messages up to this level, 0 to 7 (default 4)"},
		{Short: "s", Long: []string{"syslog"}, Arg: "LEVEL", Help: "send messages up to this level to syslog"},
		cli.Help,
	},
	Notes: "Levels: 0 emergency, 1 alert, 2 critical, 3 error, 4 warning, 5 notice, 6 information, 7 debugging.\n" +
		"Debug tags and colours: see vudebug.\n",
	UsageStatus:   statusUsage,
	StopAtOperand: true,
}
