// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"vuos.dev/libvdeplug/plug"
)

// options are what the command line says.
type options struct {
	vnls    []string         // one or two networks
	command []string         // instead of the second, what follows "="
	set     [2]plug.Settings // for each network
	help    bool
	daemon  bool
	pidFile string
	log     bool
	ipLog   bool
	login   bool // called as a login shell
}

// option is one option and what it does with its argument.
type option struct {
	short byte   // 0: none
	long  string // empty: none
	arg   bool
	set   func(o *options, arg string) error
}

var table = []option{
	{'h', "help", false, func(o *options, _ string) error { o.help = true; return nil }},
	{'d', "daemon", false, func(o *options, _ string) error { o.daemon = true; return nil }},
	{'p', "pidfile", true, func(o *options, arg string) error { o.pidFile = arg; return nil }},
	{'l', "log", false, func(o *options, _ string) error { o.log = true; return nil }},
	{'L', "iplog", false, func(o *options, _ string) error { o.log, o.ipLog = true, true; return nil }},
	{'g', "group", true, func(o *options, arg string) error { o.set[0].Group = arg; return nil }},
	{'G', "group2", true, func(o *options, arg string) error { o.set[1].Group = arg; return nil }},
	{'m', "mod", true, func(o *options, arg string) error { return setMode(&o.set[0], arg) }},
	{'M', "mod2", true, func(o *options, arg string) error { return setMode(&o.set[1], arg) }},
	{0, "port", true, func(o *options, arg string) error { return setPort(&o.set[0], arg) }},
	{0, "port2", true, func(o *options, arg string) error { return setPort(&o.set[1], arg) }},
	{'D', "descr", true, func(o *options, arg string) error {
		o.set[0].Description, o.set[1].Description = arg, arg
		return nil
	}},
	{'c', "", true, setLogin},
}

func setMode(s *plug.Settings, arg string) error {
	n, err := strconv.ParseUint(arg, 8, 32)
	if err != nil || n == 0 || n > 0777 {
		return fmt.Errorf("%q is not an octal mode", arg)
	}
	s.Mode = uint32(n)
	return nil
}

func setPort(s *plug.Settings, arg string) (err error) {
	if s.Port, err = strconv.Atoi(arg); err != nil || s.Port <= 0 {
		return fmt.Errorf("%q is not the number of a port", arg)
	}
	return nil
}

// errShell is the answer to a login that wants more than a cable.
var errShell = errors.New("this account is for virtual networks: only the command vde_plug can be run")

// setLogin takes the command that sshd gives to a login shell.
func setLogin(o *options, arg string) error {
	if arg != "vde_plug" {
		return errShell
	}
	o.login, o.log = true, true
	return nil
}

// parse reads the command line. Options end with the first operand, so that
// a command after "=" keeps its own.
func parse(args []string) (*options, error) {
	o := &options{}
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			break
		}
		var err error
		if strings.HasPrefix(arg, "--") {
			args, err = o.long(arg[2:], args)
		} else {
			args, err = o.short(arg[1:], args)
		}
		if err != nil {
			return nil, err
		}
	}
	return o, o.operands(args)
}

// long takes --NAME or --NAME=ARG or --NAME ARG; NAME may be shortened.
func (o *options) long(name string, rest []string) ([]string, error) {
	name, arg, attached := strings.Cut(name, "=")
	var found []option
	for _, opt := range table {
		if opt.long == name && name != "" {
			found = []option{opt}
			break
		}
		if opt.long != "" && strings.HasPrefix(opt.long, name) {
			found = append(found, opt)
		}
	}
	if len(found) != 1 || !found[0].arg && attached {
		return nil, fmt.Errorf("option --%s: not known; try --help", name)
	}
	if !found[0].arg || attached {
		return rest, found[0].apply(o, "--"+found[0].long, arg)
	}
	return found[0].applyNext(o, "--"+found[0].long, rest)
}

// short takes -a, -abc, -aARG or -a ARG.
func (o *options) short(letters string, rest []string) ([]string, error) {
	for i := range len(letters) {
		c := letters[i]
		n := slices.IndexFunc(table, func(opt option) bool { return opt.short == c })
		if n < 0 {
			return nil, fmt.Errorf("option -%c: not known; try --help", c)
		}
		opt, name := table[n], "-"+string(c)
		switch {
		case !opt.arg:
			if err := opt.apply(o, name, ""); err != nil {
				return nil, err
			}
		case i+1 < len(letters):
			return rest, opt.apply(o, name, letters[i+1:])
		default:
			return opt.applyNext(o, name, rest)
		}
	}
	return rest, nil
}

func (opt option) apply(o *options, name, arg string) error {
	if err := opt.set(o, arg); err != nil {
		return fmt.Errorf("option %s: %w", name, err)
	}
	return nil
}

func (opt option) applyNext(o *options, name string, rest []string) ([]string, error) {
	if len(rest) == 0 {
		return nil, fmt.Errorf("option %s: needs an argument", name)
	}
	return rest[1:], opt.apply(o, name, rest[0])
}

// operands takes [VNL [VNL]] and [VNL] = COMMAND.
func (o *options) operands(args []string) error {
	for i, arg := range args {
		if arg == "=" {
			args, o.command = args[:i], args[i+1:]
			if len(o.command) == 0 || len(args) > 1 {
				return errors.New("must be [VNL] = COMMAND; try --help")
			}
			break
		}
	}
	if len(args) > 2 {
		return errors.New("more than two networks; try --help")
	}
	o.vnls = args
	if len(args) == 0 {
		o.vnls = []string{""}
	}
	return nil
}
