// SPDX-License-Identifier: Apache-2.0

// Package vudev is the module of virtual devices: the type vudevNAME is the submodule NAME. A mount makes
// the device file TARGET, which need not exist on the host, and if the device is a disk with a
// partition table, a device file TARGET1, TARGET2, ... for each partition.
package vudev

import (
	"strings"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// prefix is what the file system types of this module begin with.
const prefix = "vudev"

// Submodule is a kind of device.
type Submodule struct {
	// Name is the file system type, vudevNAME.
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

// New makes the module with the submodules that are linked in.
func New(subs ...Submodule) *engine.Module {
	return &engine.Module{
		Name:        "vudev",
		Description: "vu virtual devices",
		Version:     "1.0",
		Tag:         'D',
		TagName:     "VUDEV",
		Load: func(h engine.Host) (engine.Instance, error) {
			m := &instance{host: h, subs: make(map[string]*Submodule)}
			for i := range subs {
				m.subs[subs[i].Name] = &subs[i]
			}
			return m, nil
		},
	}
}

// instance is the loaded module.
type instance struct {
	host engine.Host
	subs map[string]*Submodule // by name
}

var _ engine.Mounter = (*instance)(nil)

// Unload implements [engine.Instance].
func (m *instance) Unload() error { return nil }

// MountsType implements [engine.Mounter].
func (m *instance) MountsType(fstype string) bool { return strings.HasPrefix(fstype, prefix) }

// Mount implements [engine.Mounter].
func (m *instance) Mount(c engine.Call, r *engine.MountRequest) (engine.FileSystem, error) {
	sub := m.subs[r.Type]
	if sub == nil {
		return nil, &engine.MountError{Err: unix.ENODEV, Message: r.Type + ": no such submodule"}
	}
	o := parseOptions(r.Data)
	a, err := takeAttributes(c, o, sub.Type)
	if err != nil {
		return nil, err
	}
	req := &Request{Host: m.host, Source: r.Source, Options: o}
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
	d, err := newDisk(c, m.host, sub, dev, r, a)
	if err != nil {
		dev.Close(c)
		return nil, err
	}
	return d, nil
}
