// SPDX-License-Identifier: Apache-2.0

// Package vunet is the module that gives a view network stacks of its own. A stack is
// a mount of type vunetNAME, where NAME is a submodule; its mount point is a file of type
// S_IFSTACK, which msocket(2) and vustack take.
//
//	vumount -t vunetvdestack vxvde:// /dev/net/myvde
//	vustack /dev/net/myvde ip link
package vunet

import (
	"vuos.dev/engine"
	"vuos.dev/engine/submod"
)

// Submodule makes stacks of one kind.
type Submodule struct {
	Name        string // the type is vunet and this
	Description string

	// Mount makes the stack that r describes. An error is best a [*engine.MountError].
	Mount func(c engine.Call, h engine.Host, r *engine.MountRequest) (engine.FileSystem, error)
}

// SubmoduleName implements [submod.Submodule].
func (s Submodule) SubmoduleName() string { return s.Name }

// New makes the module with the submodules that are linked in.
func New(subs ...Submodule) *engine.Module {
	return submod.New(engine.Module{
		Name:        "vunet",
		Description: "vu virtual networking",
		Version:     "1.0",
		Tag:         'N',
		TagName:     "VUNET",
	}, subs, mount)
}

// mount makes the stack of a type.
func mount(c engine.Call, h engine.Host, s Submodule, ok bool, r *engine.MountRequest) (engine.FileSystem, error) {
	if !ok {
		return nil, submod.Unknown(r.Type)
	}
	h.Debugf("mount %s on %s (%s)", r.Source, r.Target, r.Data)
	return s.Mount(c, h, r)
}
