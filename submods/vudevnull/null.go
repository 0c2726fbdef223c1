// SPDX-License-Identifier: Apache-2.0

// Package vudevnull is the device null(4): what is written is gone, and there is nothing to read. As a block
// device (-o blk) it is a disk without a sector.
package vudevnull

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vudev"
)

// Submodule is the submodule.
var Submodule = vudev.Submodule{
	Name: "null",
	Type: unix.S_IFCHR,
	Open: func(engine.Call, *vudev.Request) (vudev.Device, error) { return device{}, nil },
}

type device struct{}

var (
	_ vudev.Sizer = device{}
	_ vudev.Twin  = device{}
)

// ReadAt implements [vudev.Device].
func (device) ReadAt(engine.Call, []byte, int64) (int, error) { return 0, nil }

// WriteAt implements [vudev.Device].
func (device) WriteAt(_ engine.Call, p []byte, _ int64) (int, error) { return len(p), nil }

// Size implements [vudev.Sizer].
func (device) Size(engine.Call) (int64, error) { return 0, nil }

// Twin implements [vudev.Twin].
func (device) Twin() string { return "/dev/null" }

// Close implements [vudev.Device].
func (device) Close(engine.Call) {}
