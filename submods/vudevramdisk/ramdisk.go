// SPDX-License-Identifier: Apache-2.0

// Package vudevramdisk is a disk in memory. Options: size= in bytes or with K, M, G (default 32M); mbr or gpt
// begins with an empty partition table. Memory is taken by what is written, and given back by discarding.
package vudevramdisk

import (
	"fmt"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vudev"
	"vuos.dev/vudev/partition"
)

// Submodule is the submodule.
var Submodule = vudev.Submodule{
	Name:        "ramdisk",
	Type:        unix.S_IFBLK,
	Partitioned: true,
	Open:        open,
}

const (
	defaultSize = 32 << 20
	smallest    = 64 << 10 // holds both tables of a GPT
)

func open(_ engine.Call, r *vudev.Request) (vudev.Device, error) {
	size, err := r.Options.Size("size", defaultSize)
	if err != nil {
		return nil, err
	}
	if size < smallest || size%partition.SectorSize != 0 {
		return nil, &engine.MountError{Err: unix.EINVAL, Message: fmt.Sprintf("vudevramdisk: size=%d: at least %d and a multiple of %d", size, smallest, partition.SectorSize)}
	}
	mbr, gpt := r.Options.Flag("mbr"), r.Options.Flag("gpt")
	d, err := newDisk(size, r.ReadOnly)
	if err != nil {
		return nil, &engine.MountError{Err: err, Message: "vudevramdisk: " + err.Error()}
	}
	switch {
	case gpt:
		err = partition.WriteGPT(d, size)
	case mbr:
		err = partition.WriteMBR(d)
	}
	if err != nil {
		d.close()
		return nil, &engine.MountError{Err: err, Message: "vudevramdisk: partition table: " + err.Error()}
	}
	return device{d}, nil
}
