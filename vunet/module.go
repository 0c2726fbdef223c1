// SPDX-License-Identifier: Apache-2.0

// Package vunet is the module that gives a view network stacks of its own. A stack is
// a mount of type vunetNAME, where NAME is a submodule; its mount point is a file of type
// S_IFSTACK, which msocket(2) and vustack take.
//
//	vumount -t vunetvdestack vxvde:// /dev/net/myvde
//	vustack /dev/net/myvde ip link
package vunet

import (
	"strings"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// prefix is what the file system types of this module begin with.
const prefix = "vunet"

// Submodule makes stacks of one kind.
type Submodule struct {
	Name        string // the type is vunet and this
	Description string

	// Mount makes the stack that r describes. An error is best a [*engine.MountError].
	Mount func(c engine.Call, h engine.Host, r *engine.MountRequest) (engine.FileSystem, error)
}

// New makes the module with the submodules that are linked in.
func New(subs ...Submodule) *engine.Module {
	return &engine.Module{
		Name:        "vunet",
		Description: "vu virtual networking",
		Version:     "1.0",
		Tag:         'N',
		TagName:     "VUNET",
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
func (*instance) Unload() error { return nil }

// MountsType implements [engine.Mounter].
func (*instance) MountsType(fstype string) bool { return strings.HasPrefix(fstype, prefix) }

// Mount implements [engine.Mounter].
func (m *instance) Mount(c engine.Call, r *engine.MountRequest) (engine.FileSystem, error) {
	s := m.subs[strings.TrimPrefix(r.Type, prefix)]
	if s == nil {
		return nil, &engine.MountError{Err: unix.ENODEV, Message: r.Type + ": no such submodule"}
	}
	m.host.Debugf("mount %s on %s (%s)", r.Source, r.Target, r.Data)
	return s.Mount(c, m.host, r)
}
