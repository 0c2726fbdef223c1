// SPDX-License-Identifier: Apache-2.0

// Package ptp is the plugin for ptp://PATH[OPTIONS], a line between two plugs
// that both name the same socket. Options: mode=OCTAL and group=NAME for the
// sockets made (0700), and seqpacket.
//
// vdeplug has had two protocols for it. Up to release 4.0.1 the one who comes
// first binds a datagram socket at PATH, the other one at PATH+, and each sends
// to the other's. Since then (commit 3a12bea) the first listens at PATH with a
// SOCK_SEQPACKET socket, and answers who connects with one byte: 0, or the
// errno EISCONN if it has a peer already. Who comes second here sees what is
// there and speaks that. Who comes first speaks the older one, unless told
// seqpacket. In both, when one end leaves, the other waits for a new peer.
package ptp

import (
	"context"
	"errors"
	"path/filepath"

	"vuos.dev/libvdeplug/internal/dgram"
	"vuos.dev/libvdeplug/plug"
)

// Plugin opens ptp://PATH.
var Plugin = plug.Func(open)

const defaultMode = 0700

// line is what the locator says.
type line struct {
	plugin, path string
	seqpacket    bool
	mode         uint32
	gid          int // -1: as it comes
}

func open(ctx context.Context, req *plug.Request) (plug.Conn, error) {
	l, err := parse(req)
	if err != nil {
		return nil, err
	}
	c, err := l.join(ctx)
	if err != nil {
		return nil, l.fail("", err)
	}
	return c, nil
}

func parse(req *plug.Request) (*line, error) {
	path, parms, err := plug.ParsePathParms(req.Rest, "seqpacket", "mode", "group")
	if err == nil && path == "" {
		err = errors.New("needs the path of a socket")
	}
	if err != nil {
		return nil, req.Error(path, "", err)
	}
	l := &line{plugin: req.Plugin}
	// The path must stay the same when the working directory changes.
	if l.path, err = filepath.Abs(path); err == nil {
		_, err = dgram.UnixAddr(l.path + suffix)
	}
	mode := req.Mode
	if mode == 0 {
		mode = defaultMode
	}
	if err == nil {
		l.mode, err = parms.Mode("mode", mode)
	}
	if err == nil {
		l.gid, err = parms.Group("group")
	}
	if err == nil && l.gid < 0 && req.Group != "" {
		l.gid, err = plug.GroupID(req.Group)
	}
	if err != nil {
		return nil, req.Error(path, "", err)
	}
	_, l.seqpacket = parms["seqpacket"]
	return l, nil
}

// fail makes an OpError of err, unless it is one.
func (l *line) fail(what string, err error) error {
	var already *plug.OpError
	if errors.As(err, &already) {
		return err
	}
	return &plug.OpError{Plugin: l.plugin, Addr: l.path, What: what, Err: err}
}
