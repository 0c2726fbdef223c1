// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"

	"vuos.dev/libvdeplug/plug"
	"vuos.dev/libvdeplug/plugins"
	"vuos.dev/libvdeplug/plugins/cmd"
)

// run is the program; it ends when one side of the cable ends, or ctx.
func run(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) error {
	rep := takeReport()
	if strings.HasPrefix(args[0], "-") && len(args) == 1 {
		return errShell // an interactive login
	}
	o, err := parse(args[1:])
	if err != nil {
		return err
	}
	if o.help {
		_, err := io.WriteString(stdout, usage)
		return err
	}
	if o.daemon && rep == nil {
		return startDaemon(args)
	}
	err = o.connect(ctx, rep, stdin, stdout)
	rep.failed(err)
	return err
}

// connect opens both sides and has the frames flow.
func (o *options) connect(ctx context.Context, rep *report, stdin io.Reader, stdout io.Writer) error {
	near, err := plugins.Default().Open(ctx, o.vnls[0], o.settings(0))
	if err != nil {
		return err
	}
	defer near.Close()
	far, err := o.far(ctx, stdin, stdout)
	if err != nil {
		return err
	}
	defer far.Close()
	if o.pidFile != "" {
		remove, err := writePID(o.pidFile)
		if err != nil {
			return err
		}
		defer remove()
	}
	watch, end, err := o.startLog()
	if err != nil {
		return err
	}
	defer end()
	rep.ready()
	return cable(ctx, near, far, watch)
}

// far opens the second side.
func (o *options) far(ctx context.Context, stdin io.Reader, stdout io.Writer) (plug.Conn, error) {
	switch {
	case o.command != nil:
		return cmd.Start(o.command, &plug.OpError{Plugin: strings.Join(o.command, " ")})
	case len(o.vnls) == 2:
		return plugins.Default().Open(ctx, o.vnls[1], o.settings(1))
	}
	return newStdio(stdin, stdout), nil
}

// settings returns what was said about network i.
func (o *options) settings(i int) plug.Settings {
	s := o.set[i]
	if s.Description == "" {
		s.Description = "vdeplug:"
	}
	return s
}

// cable moves frames both ways until one side ends. watch, unless it is nil,
// sees what comes from the far side.
func cable(ctx context.Context, near, far plug.Conn, watch func([]byte)) error {
	ended := make(chan error, 2)
	go func() { ended <- plug.Copy(near, far, watch) }()
	go func() { ended <- plug.Copy(far, near, nil) }()
	var err error
	select {
	case <-ctx.Done():
		return nil
	case err = <-ended:
	}
	if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}
