// SPDX-License-Identifier: Apache-2.0

// Package vudevqcow2 shows a QEMU image as a disk with its partitions, to read. SOURCE is an image in the format
// qcow2, version 2 or 3, which may have a backing file in qcow2 or raw format; clusters may be compressed with deflate.
// Encrypted images, external data files, subclusters (extended_l2) and zstd are refused.
//
// No maintained Go library writes the format. The one that reads it, lima-vm/go-qcow2reader, opens backing files by
// itself, on the host, where ours are found in the view of who mounts; so the little that reading takes is here
// (docs/interop/qcow2.txt of QEMU).
package vudevqcow2

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vudev"
)

// Submodule is the submodule.
var Submodule = vudev.Submodule{
	Name:        "qcow2",
	Type:        unix.S_IFBLK,
	Partitioned: true,
	Open: func(c engine.Call, r *vudev.Request) (vudev.Device, error) {
		return openFile(c, r, r.Source, true, 0)
	},
}
