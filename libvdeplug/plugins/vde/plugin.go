// SPDX-License-Identifier: Apache-2.0

// Package vde is the plugin for vde://PATH[OPTIONS], and for plain paths: it
// joins the vde_switch (or the switch, hub, multi or bonding node of another
// plug) whose directory is PATH. Options:
//
//	[N], [port=N]      join at port N; port 0 is for management
//	[portgroup=NAME]   join through the socket NAME of the switch
//	[group=NAME]       the group that owns our socket
//	[mode=OCTAL]       the permissions of our socket, 0700 by default
//
// Without a path the standard places /var/run/vde.ctl and /tmp/vde.ctl are
// tried. When the switch goes away the Conn has no carrier, and joins again
// when the switch is back.
package vde

import (
	"context"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"vuos.dev/libvdeplug/internal/vdewire"
	"vuos.dev/libvdeplug/plug"
)

// Plugin opens vde://.
var Plugin = plug.Func(open)

// standardSwitches are where a switch is if no path is given.
var standardSwitches = []string{"/var/run/vde.ctl", "/tmp/vde.ctl"}

const defaultMode = 0700

func open(ctx context.Context, req *plug.Request) (plug.Conn, error) {
	t, err := parse(req)
	if err != nil {
		return nil, err
	}
	if t.dir != "" {
		return join(ctx, t)
	}
	for _, dir := range standardSwitches {
		t.dir = dir
		c, joinErr := join(ctx, t)
		if joinErr == nil {
			return c, nil
		}
		if err == nil || !os.IsNotExist(unwrap(joinErr)) {
			err = joinErr
		}
	}
	return nil, err
}

// unwrap returns the cause of an OpError for os.IsNotExist, which looks no
// deeper.
func unwrap(err error) error {
	if e, ok := err.(*plug.OpError); ok {
		return e.Err
	}
	return err
}

// target is a switch and how to join it.
type target struct {
	plugin string
	dir    string // absolute
	port   int    // as in vdewire.Request
	socket string // the control socket's name in dir
	gid    int    // -1: not given
	mode   uint32
	descr  string
}

// parse makes a target of what was asked for.
func parse(req *plug.Request) (*target, error) {
	path, parms, err := plug.ParsePathParms(req.Rest, plug.Positional, "port", "portgroup", "group", "mode")
	if err != nil {
		return nil, req.Error(path, "", err)
	}
	t := &target{plugin: req.Plugin, port: req.Port, socket: "ctl", gid: -1, descr: req.Describe()}
	if path != "" {
		if t.dir, err = filepath.Abs(path); err != nil {
			return nil, req.Error(path, "", err)
		}
	}
	for _, key := range []string{plug.Positional, "port", "portgroup"} {
		if group, given := parms[key]; given && group != "" {
			if err := t.setPort(group); err != nil {
				return nil, req.Error(path, "", err)
			}
		}
	}
	mode := req.Mode
	if mode == 0 {
		mode = defaultMode
	}
	if t.mode, err = parms.Mode("mode", mode); err != nil {
		return nil, req.Error(path, "", err)
	}
	return t, t.setGroup(req, parms)
}

// setPort takes a number as the port to join at, anything else as the name of
// a port group.
func (t *target) setPort(s string) error {
	n, err := strconv.ParseUint(s, 10, 31)
	switch {
	case err != nil:
		t.socket = s
		return nil
	case n > vdewire.MaxPort:
		return &plug.OpError{Plugin: "port " + s, Err: unix.ERANGE}
	case n == 0:
		t.port = vdewire.Management
	default:
		t.port = int(n)
	}
	return nil
}

// setGroup finds the group that is to own our socket.
func (t *target) setGroup(req *plug.Request, parms plug.Parms) (err error) {
	name, given := parms["group"]
	if !given {
		name, given = req.Group, req.Group != ""
	}
	if given {
		if t.gid, err = plug.GroupID(name); err != nil {
			return req.Error(t.dir, "", err)
		}
	}
	return nil
}
