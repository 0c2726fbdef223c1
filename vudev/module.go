// SPDX-License-Identifier: Apache-2.0

// Package vudev is the module of virtual devices: the type vudevNAME is the submodule NAME. A mount makes
// the device file TARGET, which need not exist on the host, and if the device is a disk with a
// partition table, a device file TARGET1, TARGET2, ... for each partition.
package vudev

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/engine/submod"
)

// Submodule is a kind of device.
type Submodule struct {
	// Name is what follows vudev in the file system type.
	Name string

	// Type is unix.S_IFBLK or unix.S_IFCHR, for the user to change with chr and blk.
	Type uint32

	// Partitioned devices are looked through for a partition table.
	Partitioned bool

	// NoTable is told why a partitioned device has no table that can be read, each time it was
	// looked for. nil: nobody is.
	NoTable func(err error)

	// Open makes the device that a mount asks for. It takes the options it knows from r.Options; what
	// is left is refused.
	Open func(c engine.Call, r *Request) (Device, error)
}

// Request is a mount of a device.
type Request struct {
	Host     engine.Host
	Source   string // as given by the caller
	ReadOnly bool   // MS_RDONLY or the option ro
	Options  *Options
}

// SubmoduleName implements [submod.Submodule].
func (s Submodule) SubmoduleName() string { return s.Name }

// New makes the module with the submodules that are linked in.
func New(subs ...Submodule) *engine.Module {
	return submod.New(engine.Module{
		Name:        "vudev",
		Description: "vu virtual devices",
		Version:     "1.0",
		Tag:         'D',
		TagName:     "VUDEV",
	}, subs, mount)
}

// mount makes the device of a type and its partitions.
func mount(c engine.Call, h engine.Host, sub Submodule, ok bool, r *engine.MountRequest) (engine.FileSystem, error) {
	if !ok {
		return nil, submod.Unknown(r.Type)
	}
	o := parseOptions(r.Data)
	a, err := takeAttributes(c, o, sub.Type)
	if err != nil {
		return nil, err
	}
	req := &Request{Host: h, Source: r.Source, Options: o}
	req.ReadOnly = o.Flag("ro") || r.Flags&unix.MS_RDONLY != 0
	o.Flag("rw")
	dev, err := sub.Open(c, req)
	if err != nil {
		return nil, err
	}
	if err := o.rest(r.Type); err != nil {
		dev.Close(c)
		return nil, err
	}
	d, err := newDisk(c, h, &sub, dev, r, a)
	if err != nil {
		dev.Close(c)
		return nil, err
	}
	return d, nil
}
