// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"strings"
)

// Setting is one option as it was given.
type Setting struct {
	Name  string // Long[0] of the option
	Value string // its argument
}

// Parsed is a command line taken apart.
type Parsed struct {
	Settings []Setting // in the order given
	Operands []string
}

// Has tells whether the option was given.
func (p *Parsed) Has(name string) bool {
	for _, s := range p.Settings {
		if s.Name == name {
			return true
		}
	}
	return false
}

// Parse takes a command line apart; args does not include the command's name.
// The error is a message fit for [Command.Fail].
//
// Source: getopt_long(3); unlike there, an abbreviation of a long option that
// fits several names of one option is accepted.
func (c *Command) Parse(args []string) (*Parsed, error) {
	p := new(Parsed)
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		var err error
		switch {
		case arg == "--":
			p.Operands = append(p.Operands, args...)
			return p, nil
		case strings.HasPrefix(arg, "--"):
			args, err = c.long(p, arg[2:], args)
		case len(arg) > 1 && arg[0] == '-':
			args, err = c.short(p, arg[1:], args)
		default:
			p.Operands = append(p.Operands, arg)
			if c.StopAtOperand {
				p.Operands = append(p.Operands, args...)
				return p, nil
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}

// short reads a cluster of one-letter options and returns the arguments left.
func (c *Command) short(p *Parsed, cluster string, rest []string) ([]string, error) {
	for i, r := range cluster {
		o := c.byLetter(string(r))
		if o == nil {
			return nil, fmt.Errorf("invalid option -- '%c'", r)
		}
		if o.Arg == "" {
			p.Settings = append(p.Settings, Setting{Name: o.Long[0]})
			continue
		}
		value := cluster[i+len(string(r)):]
		if value == "" {
			if len(rest) == 0 {
				return nil, fmt.Errorf("option requires an argument -- '%c'", r)
			}
			value, rest = rest[0], rest[1:]
		}
		p.Settings = append(p.Settings, Setting{o.Long[0], value})
		break
	}
	return rest, nil
}

// long reads one long option and returns the arguments left.
func (c *Command) long(p *Parsed, arg string, rest []string) ([]string, error) {
	name, value, given := strings.Cut(arg, "=")
	o, err := c.byName(name)
	switch {
	case err != nil:
		return nil, err
	case given && o.Arg == "":
		return nil, fmt.Errorf("option '--%s' doesn't allow an argument", name)
	case !given && o.Arg != "":
		if len(rest) == 0 {
			return nil, fmt.Errorf("option '--%s' requires an argument", name)
		}
		value, rest = rest[0], rest[1:]
	}
	p.Settings = append(p.Settings, Setting{o.Long[0], value})
	return rest, nil
}

// byLetter finds a one-letter option.
func (c *Command) byLetter(letter string) *Option {
	for i := range c.Options {
		if o := &c.Options[i]; strings.Contains(o.Short, letter) {
			return o
		}
	}
	return nil
}

// byName finds a long option by its name or an abbreviation that fits no other.
func (c *Command) byName(name string) (*Option, error) {
	var found *Option
	ambiguous := false
	for i := range c.Options {
		o := &c.Options[i]
		for _, l := range o.Long {
			if l == name {
				return o, nil
			}
			if strings.HasPrefix(l, name) {
				ambiguous = ambiguous || found != nil && found != o
				found = o
			}
		}
	}
	if found == nil {
		return nil, fmt.Errorf("unrecognized option '--%s'", name)
	}
	if ambiguous {
		return nil, fmt.Errorf("option '--%s' is ambiguous", name)
	}
	return found, nil
}
