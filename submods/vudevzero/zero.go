// SPDX-License-Identifier: Apache-2.0

// Package vudevzero is the device zero(4): zeros without end.
package vudevzero

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vudev"
)

// Submodule is the submodule.
var Submodule = vudev.Submodule{
	Name: "zero",
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
func (device) WriteAt(_ engine.Call, p []byte, _ int64) (int, error) { return len(p), nil }

// Twin implements [vudev.Twin].
func (device) Twin() string { return "/dev/zero" }

// Close implements [vudev.Device].
func (device) Close(engine.Call) {}
