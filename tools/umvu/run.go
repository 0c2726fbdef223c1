// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/sys/unix"
	"vuos.dev/engine/hypervisor"
	"vuos.dev/tools/vuutils/vu"
)

// run is umvu without its process: it returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	p, status := command.Start(args, stdout, stderr)
	if p == nil {
		return status
	}
	o, err := readOptions(p)
	if err != nil {
		return command.Fail(stderr, err.Error())
	}
	if inner := (vu.System{}); inner.InView() {
		return o.runInside(inner, stderr)
	}
	return o.runView(stderr)
}

// runView runs the command in a view of a hypervisor of its own.
func (o *options) runView(stderr io.Writer) int {
	mask := unix.Umask(0)
	unix.Umask(mask)
	h, err := hypervisor.New(hypervisor.Config{
		Name: o.name, Modules: builtin, LogTo: stderr, LogLevel: o.level, SyslogLevel: o.syslog,
		DebugTags: o.tags, Colors: strings.Join(o.colors, ","), NoNesting: o.noNesting,
	})
	if err != nil {
		report(stderr, err)
		return statusSetup
	}
	defer h.Close()
	for _, rc := range o.rcFiles() {
		code, stopped, err := h.RunBefore([]string{rc}, mask)
		if stopped {
			return code
		}
		if err != nil {
			report(stderr, err)
		}
	}
	code, err := h.Run(o.argv, mask)
	if err != nil {
		report(stderr, err)
	}
	return code
}

// report prints an error as "umvu: what: why", with an error number's text as strerror(3) has it.
func report(stderr io.Writer, err error) {
	text := err.Error()
	var errno unix.Errno
	if errors.As(err, &errno) {
		text = strings.TrimSuffix(text, errno.Error()) + vu.Strerror(errno)
	}
	fmt.Fprintf(stderr, "%s: %s\n", command.Name, text)
}
