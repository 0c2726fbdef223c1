// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"path/filepath"

	"golang.org/x/sys/unix"

	"vuos.dev/tools/vuutils/cli"
	"vuos.dev/tools/vuutils/vu"
)

// system is what the command needs of [vu.System].
type system interface {
	InView() bool
	LookupUser(name string) (*vu.Account, error)
	Become(a *vu.Account) error
	ReadFile(path string) ([]byte, error)
	Chdir(path string) error
	Environ() []string
	Exec(name string, argv, env []string) error
}

const (
	defaultUser  = "root"
	defaultShell = "/bin/sh"
)

var command = cli.Command{
	Name:     "vusu",
	Synopsis: []string{"[OPTION]... [-] [USER]"},
	Summary: "Run a shell with the user and group ids of USER (root) in a view that virtualizes them.\n" +
		"Outside a view, run su(1).",
	Options: []cli.Option{
		{Short: "c", Long: []string{"command"}, Arg: "COMMAND", Help: "let the shell run COMMAND"},
		{Short: "l", Long: []string{"login"}, Help: "make it a login shell; a lone - does the same"},
		{Short: "mp", Long: []string{"preserve-environment"}, Help: "keep the environment and its SHELL (not with -l)"},
		{Short: "s", Long: []string{"shell"}, Arg: "SHELL", Help: "run SHELL instead of the user's"},
		cli.Help,
	},
	UsageStatus: 2,
}

// request is what the command line asks for.
type request struct {
	user     string
	command  *string // nil for an interactive shell
	shell    string  // empty for the user's
	login    bool
	preserve bool
}

func run(args []string, stdout, stderr io.Writer, sys system) int {
	p, err := command.Parse(args)
	if err == nil && p.Has("help") {
		return command.Print(stdout, stderr, command.Usage())
	}
	if !sys.InView() {
		return execute(stderr, sys, "su", append([]string{"su"}, args...), sys.Environ())
	}
	if err != nil {
		return command.Fail(stderr, err.Error())
	}
	req, err := interpret(p)
	if err != nil {
		return command.Fail(stderr, err.Error())
	}
	account, err := sys.LookupUser(req.user)
	if err != nil {
		fmt.Fprintf(stderr, "Unknown id: %s\n", req.user)
		return 1
	}
	return start(stderr, sys, req, account)
}

func interpret(p *cli.Parsed) (*request, error) {
	req := &request{user: defaultUser}
	for _, s := range p.Settings {
		switch s.Name {
		case "command":
			req.command = &s.Value
		case "login":
			req.login = true
		case "preserve-environment":
			req.preserve = true
		case "shell":
			req.shell = s.Value
		}
	}
	operands := p.Operands
	if len(operands) > 0 && operands[0] == "-" {
		req.login = true
		operands = operands[1:]
	}
	if len(operands) > 0 {
		req.user = operands[0]
	}
	if len(operands) > 1 {
		return nil, fmt.Errorf("extra operand '%s'", operands[1])
	}
	req.preserve = req.preserve && !req.login
	return req, nil
}

// start takes on the user's ids and becomes the shell.
func start(stderr io.Writer, sys system, req *request, account *vu.Account) int {
	if err := sys.Become(account); err != nil {
		hint := ""
		if err == unix.EPERM {
			hint = " (no loaded module virtualizes user ids, and only root may change the real ones)"
		}
		fmt.Fprintf(stderr, "%s: %s%s\n", command.Name, vu.Strerror(err), hint)
		return 1
	}
	defs, _ := sys.ReadFile(loginDefsFile) // without it there are the defaults
	if req.login {
		if err := goHome(sys, account.Home, defs); err != nil {
			fmt.Fprintf(stderr, "%s: %s: %s\n", command.Name, account.Home, vu.Strerror(err))
			return 1
		}
	}
	shell := chooseShell(req, account, sys.Environ())
	argv := []string{filepath.Base(shell)}
	if req.login {
		argv[0] = "-" + argv[0]
	}
	if req.command != nil {
		argv = append(argv, "-c", *req.command)
	}
	return execute(stderr, sys, shell, argv, environment(req, account, shell, sys.Environ(), defs))
}

// goHome changes to the home directory, or to / if login.defs(5) allows that.
func goHome(sys system, home string, defs []byte) error {
	err := sys.Chdir(home)
	if err != nil && loginDef(defs, "DEFAULT_HOME") == "yes" {
		return sys.Chdir("/")
	}
	return err
}

func execute(stderr io.Writer, sys system, name string, argv, env []string) int {
	err := sys.Exec(name, argv, env)
	fmt.Fprintf(stderr, "%s: %s: %s\n", command.Name, name, vu.Strerror(err))
	return vu.ExecStatus(err)
}
