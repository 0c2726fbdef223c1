// SPDX-License-Identifier: Apache-2.0

// Package vudevloop shows a file as a block device, as loop(4) does. Options: offset= and sizelimit= in
// bytes, and ro.
package vudevloop

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vudev"
)

// Submodule is the submodule.
var Submodule = vudev.Submodule{
	Name:        "loop",
	Type:        unix.S_IFBLK,
	Partitioned: true,
	Open:        open,
}

func open(c engine.Call, r *vudev.Request) (vudev.Device, error) {
	offset, err := r.Options.Size("offset", 0)
	if err != nil {
		return nil, err
	}
	limit, err := r.Options.Size("sizelimit", 0)
	if err != nil {
		return nil, err
	}
	return vudev.OpenImage(c, r, offset, limit)
}
