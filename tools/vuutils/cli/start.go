// SPDX-License-Identifier: Apache-2.0

package cli

import "io"

// Start parses the command line and answers what every command answers alike:
// a request for help, and a wrong option. Then the result is nil and status is
// the exit status.
func (c *Command) Start(args []string, stdout, stderr io.Writer) (p *Parsed, status int) {
	p, err := c.Parse(args)
	if err != nil {
		return nil, c.Fail(stderr, err.Error())
	}
	if p.Has(Help.Long[0]) {
		return nil, c.Print(stdout, stderr, c.Usage())
	}
	return p, 0
}

// Outside reports that the command needs a view, and returns the exit status.
func (c *Command) Outside(stderr io.Writer) int {
	io.WriteString(stderr, "This is a VUOS command. It works only inside a vuos virtual namespace\n")
	return c.Fail(stderr, "")
}
