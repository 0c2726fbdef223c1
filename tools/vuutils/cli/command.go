// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"io"
	"strings"

	"vuos.dev/tools/vuutils/vu"
)

// Command declares the command line of a utility.
type Command struct {
	Name     string
	Synopsis []string // what follows the name, one per form
	Summary  string   // one sentence
	Options  []Option
	Notes    string // printed after the options, ends with a newline if not empty

	// UsageStatus is the exit status for a wrong command line.
	UsageStatus int

	// StopAtOperand ends the options at the first operand: what follows is the
	// command line of another program. Otherwise they may come in any order.
	StopAtOperand bool
}

// Option is one option of a command. Long is not empty, and Long[0] identifies
// the option in a [Setting].
type Option struct {
	Short string // its letters, may be empty
	Long  []string
	Arg   string // name of the argument; empty for an option without one
	Help  string
}

// Help is the option that every command has.
var Help = Option{Short: "h", Long: []string{"help"}, Help: "print this help and exit"}

// Usage returns the help text.
func (c *Command) Usage() string {
	var b strings.Builder
	for i, s := range c.Synopsis {
		lead := "Usage: "
		if i > 0 {
			lead = "       "
		}
		fmt.Fprintf(&b, "%s%s %s\n", lead, c.Name, s)
	}
	fmt.Fprintf(&b, "%s\n\nOptions:\n", c.Summary)
	width := 0
	for i := range c.Options {
		width = max(width, len(c.Options[i].label()))
	}
	for i := range c.Options {
		o := &c.Options[i]
		fmt.Fprintf(&b, "  %-*s  %s\n", width, o.label(), o.Help)
	}
	if c.Notes != "" {
		b.WriteString("\n" + c.Notes)
	}
	return b.String()
}

func (o *Option) label() string {
	var names []string
	for _, r := range o.Short {
		names = append(names, "-"+string(r))
	}
	for _, l := range o.Long {
		names = append(names, "--"+l)
	}
	label := strings.Join(names, ", ")
	if o.Arg != "" {
		label += " " + o.Arg
	}
	return label
}

// Fail prints a message and the help text for a wrong command line and returns
// the exit status. An empty message prints the help text only.
func (c *Command) Fail(stderr io.Writer, message string) int {
	if message != "" {
		fmt.Fprintf(stderr, "%s: %s\n", c.Name, message)
	}
	io.WriteString(stderr, c.Usage())
	return c.UsageStatus
}

// Print writes text to stdout and returns the exit status: 1, with a message,
// if it cannot be written.
func (c *Command) Print(stdout, stderr io.Writer, text string) int {
	if _, err := io.WriteString(stdout, text); err != nil {
		fmt.Fprintf(stderr, "%s: write error: %s\n", c.Name, vu.Strerror(err))
		return 1
	}
	return 0
}
