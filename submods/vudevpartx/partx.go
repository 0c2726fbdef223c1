// SPDX-License-Identifier: Apache-2.0

// Package vudevpartx shows a disk image as a disk with its partitions: TARGET, TARGET1, TARGET2, ... SOURCE is
// a file or block device of the view.
package vudevpartx

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vudev"
)

// Submodule is the submodule.
var Submodule = vudev.Submodule{
	Name:        "partx",
	Type:        unix.S_IFBLK,
	Partitioned: true,
	NoTable:     func(err error) { fmt.Fprintln(os.Stderr, err) },
	Open: func(c engine.Call, r *vudev.Request) (vudev.Device, error) {
		return vudev.OpenImage(c, r, 0, 0)
	},
}
