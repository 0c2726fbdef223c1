// SPDX-License-Identifier: Apache-2.0

// Package vudevfull is the device full(4): zeros to read, no space to write.
package vudevfull

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vudev"
)

// Submodule is the submodule.
var Submodule = vudev.Submodule{
	Name: "full",
	Type: unix.S_IFCHR,
	Open: func(engine.Call, *vudev.Request) (vudev.Device, error) { return device{}, nil },
}

type device struct{}

var _ vudev.Twin = device{}

// ReadAt implements [vudev.Device].
func (device) ReadAt(_ engine.Call, p []byte, _ int64) (int, error) {
	clear(p)
	return len(p), nil
}

// WriteAt implements [vudev.Device].
func (device) WriteAt(engine.Call, []byte, int64) (int, error) { return 0, unix.ENOSPC }

// Twin implements [vudev.Twin].
func (device) Twin() string { return "/dev/full" }

// Close implements [vudev.Device].
func (device) Close(engine.Call) {}
