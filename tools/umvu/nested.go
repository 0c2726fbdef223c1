// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"

	"vuos.dev/tools/vuutils/vu"
)

// runInside is umvu inside a view: the hypervisor that is there makes another view, which starts
// as a copy of that one, and the command takes the place of this process. What is the
// hypervisor's and not the view's stays as it is: levels of the log, and nesting.
func (o *options) runInside(sys vu.System, stderr io.Writer) int {
	if err := sys.NewView(o.name); err != nil {
		report(stderr, fmt.Errorf("new view: %w", err))
		return statusSetup
	}
	if err := o.debugInside(sys); err != nil {
		report(stderr, fmt.Errorf("debug tags: %w", err))
		return statusSetup
	}
	for _, rc := range o.rcFiles() {
		c := exec.Command(rc)
		c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
		if err := c.Run(); err != nil && c.ProcessState == nil { // it did not run
			report(stderr, err)
		}
	}
	err := sys.Exec(o.argv[0], o.argv, os.Environ())
	report(stderr, fmt.Errorf("%s: %w", o.argv[0], err))
	return vu.ExecStatus(err)
}

func (o *options) debugInside(sys vu.System) error {
	for _, spec := range o.colors {
		if err := sys.SetDebugColor(spec); err != nil {
			return err
		}
	}
	if o.tags == "" {
		return nil
	}
	return sys.AddDebugTags(o.tags, true)
}
