// SPDX-License-Identifier: Apache-2.0

// Package seqpacket is the plugin for seqpacket://N: descriptor N, which the
// process has inherited or made, is a connected SOCK_SEQPACKET socket (or one
// half of a socketpair of datagrams) with a peer that speaks raw frames.
//
// The Conn owns the descriptor and closes it. The descriptor is made
// non-blocking, also for those who share the open file description.
package seqpacket

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"

	"vuos.dev/libvdeplug/internal/dgram"
	"vuos.dev/libvdeplug/plug"
)

// Plugin opens seqpacket://N.
var Plugin = plug.Func(open)

var errType = errors.New("neither SOCK_SEQPACKET nor SOCK_DGRAM")

func open(_ context.Context, req *plug.Request) (plug.Conn, error) {
	fd, err := strconv.ParseInt(req.Rest, 0, 32)
	if err != nil || fd < 0 {
		return nil, req.Error(req.Rest, "not the number of a descriptor", nil)
	}
	typ, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TYPE)
	if err == nil && typ != unix.SOCK_SEQPACKET && typ != unix.SOCK_DGRAM {
		err = errType
	}
	if err != nil {
		return nil, req.Error(req.Rest, "no such socket", err)
	}
	if err := unix.SetNonblock(int(fd), true); err != nil {
		return nil, req.Error(req.Rest, "", err)
	}
	unix.CloseOnExec(int(fd))
	file := dgram.NewFile(int(fd), fmt.Sprintf("seqpacket:%d", fd))
	c, err := dgram.New(file, dgram.Config{
		Plugin: req.Plugin, Addr: req.Rest, Tally: &plug.Tally{},
		EmptyIsEOF: typ == unix.SOCK_SEQPACKET,
	})
	if err != nil {
		file.Close()
		return nil, req.Error(req.Rest, "", err)
	}
	return c, nil
}
