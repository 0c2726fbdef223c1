// SPDX-License-Identifier: Apache-2.0

// Package vudevrandom is the device random(4): random bytes from the kernel. What is written is
// ignored.
package vudevrandom

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vudev"
)

// Submodule is the submodule.
var Submodule = vudev.Submodule{
	Name: "random",
	Type: unix.S_IFCHR,
	Open: func(engine.Call, *vudev.Request) (vudev.Device, error) { return device{}, nil },
}

type device struct{}

var _ vudev.Twin = device{}

// ReadAt implements [vudev.Device].
func (device) ReadAt(c engine.Call, p []byte, _ int64) (int, error) {
	c.Block()
	done := 0
	for done < len(p) {
		n, err := unix.Getrandom(p[done:], 0)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return done, err
		default:
			done += n
		}
	}
	return done, nil
}

// WriteAt implements [vudev.Device].
func (device) WriteAt(_ engine.Call, p []byte, _ int64) (int, error) { return len(p), nil }

// Twin implements [vudev.Twin].
func (device) Twin() string { return "/dev/urandom" }

// Close implements [vudev.Device].
func (device) Close(engine.Call) {}
