// SPDX-License-Identifier: Apache-2.0

// Package vudevvdi shows a VirtualBox disk image as a disk with its partitions, to read and to write. SOURCE is an image of
// the types dynamic and fixed; those that need another image (undo, differencing) are refused. Options: ro.
//
// There is no library for the format in Go, and little to it: a header, a map of blocks, and the blocks (VDICore.h of
// VirtualBox, block/vdi.c of QEMU).
package vudevvdi

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vudev"
)

// Submodule is the submodule.
var Submodule = vudev.Submodule{
	Name:        "vdi",
	Type:        unix.S_IFBLK,
	Partitioned: true,
	Open: func(c engine.Call, r *vudev.Request) (vudev.Device, error) {
		f, err := vudev.OpenImage(c, r, 0, 0)
		if err != nil {
			return nil, err
		}
		d, err := open(c, f)
		if err != nil {
			f.Close(c)
			return nil, &engine.MountError{Err: unix.EINVAL, Message: r.Source + ": " + err.Error()}
		}
		return d, nil
	},
}
