// SPDX-License-Identifier: Apache-2.0

// Package cmd is the plugin for cmd://COMMAND, a network at the other end of
// a program's standard input and output, for instance
//
//	cmd://"ssh far.example.org vde_plug vde:///run/sw"
//
// COMMAND is split into words as a shell would do with quotes and
// backslashes, but there is no shell. The frames go through the pipes each
// preceded by its length in two bytes, as vde_plug does it.
package cmd

import (
	"context"
	"io"
	"os"
	"os/exec"

	"vuos.dev/libvdeplug/internal/stream"
	"vuos.dev/libvdeplug/plug"
)

// Plugin opens cmd://COMMAND.
var Plugin = plug.Func(open)

func open(_ context.Context, req *plug.Request) (plug.Conn, error) {
	args, err := split(req.Rest)
	if err != nil {
		return nil, req.Error(req.Rest, "", err)
	}
	c, err := Start(args, &plug.OpError{Plugin: req.Plugin, Addr: req.Rest})
	if err != nil {
		return nil, req.Error(req.Rest, "", err)
	}
	return c, nil
}

// Start runs a command and returns the network behind its standard input and
// output. Its errors say about what in the terms of about. Standard error is
// shared with the command.
func Start(args []string, about *plug.OpError) (plug.Conn, error) {
	fromCmd, stdout, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	stdin, toCmd, err := os.Pipe()
	if err != nil {
		closeAll(fromCmd, stdout)
		return nil, err
	}
	c := &conn{about: about, in: fromCmd, out: toCmd, done: make(chan struct{})}
	c.cmd = exec.Command(args[0], args[1:]...)
	c.cmd.Stdin, c.cmd.Stdout, c.cmd.Stderr = stdin, stdout, os.Stderr
	err = c.cmd.Start()
	closeAll(stdin, stdout)
	if err != nil {
		closeAll(fromCmd, toCmd)
		return nil, err
	}
	c.r = stream.NewReader(c.in, &c.tally)
	c.w = stream.NewWriter(c.out)
	go c.wait()
	return c, nil
}

func closeAll(files ...io.Closer) {
	for _, f := range files {
		_ = f.Close() // pipes have nothing to report
	}
}
