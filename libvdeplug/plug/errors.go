// SPDX-License-Identifier: Apache-2.0

package plug

import (
	"errors"
	"fmt"
	"net"
	"os"
)

// ErrNoCarrier says that nobody is at the other end for now: the switch is
// away, the peer of a point-to-point line has not come yet, the interface is
// down. The Conn stays good; the frame was not sent.
var ErrNoCarrier = errors.New("no carrier")

// ErrUnknownPlugin says that a locator names a plugin the registry lacks.
var ErrUnknownPlugin = errors.New("no such plugin")

// OpError is an error of a plugin, with what it was about. It prints as
// "vde: /tmp/sw: no switch there: connection refused".
type OpError struct {
	Plugin string // name of the plugin: "vde"
	Addr   string // what the locator names: "/tmp/sw"; may be empty
	What   string // what went wrong, in words; may be empty
	Err    error  // the cause; may be nil
}

func (e *OpError) Error() string {
	s := e.Plugin
	for _, part := range []string{e.Addr, e.What} {
		if part != "" {
			s += ": " + part
		}
	}
	if e.Err != nil {
		s += ": " + bare(e.Err).Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *OpError) Unwrap() error { return e.Err }

// bare takes off the layers with which net and os repeat the operation and
// the address that an OpError already names.
func bare(err error) error {
	for {
		var inner error
		switch e := err.(type) {
		case *net.OpError:
			inner = e.Err
		case *os.SyscallError:
			inner = e.Err
		case *os.PathError:
			inner = e.Err
		}
		if inner == nil {
			return err
		}
		err = inner
	}
}

// FrameSizeError is returned for a frame that is too short or too long to be
// sent. The frames before it were sent.
type FrameSizeError struct {
	Len int // length of the frame in bytes
	Max int // the longest length allowed in bytes
}

func (e *FrameSizeError) Error() string {
	return fmt.Sprintf("frame of %d bytes: must be %d to %d", e.Len, MinFrame, e.Max)
}

// IOError puts the errors of files and sockets into the words that [Conn]
// promises: closed descriptors become net.ErrClosed, passed deadlines
// os.ErrDeadlineExceeded, and anything else an OpError.
func IOError(plugin, addr, what string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, os.ErrClosed), errors.Is(err, net.ErrClosed):
		return net.ErrClosed
	case errors.Is(err, os.ErrDeadlineExceeded):
		return os.ErrDeadlineExceeded
	}
	return &OpError{Plugin: plugin, Addr: addr, What: what, Err: err}
}
