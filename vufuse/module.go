// SPDX-License-Identifier: Apache-2.0

// Package vufuse is the module that mounts FUSE file systems in a view: the type vufuseNAME is the submodule
// NAME. A submodule is a Go file system that is linked in and called directly (see [Submodule]), or a
// program vufuseNAME that speaks the FUSE protocol on a descriptor, started as
//
//	vufuseNAME -o OPTIONS SOURCE /dev/fd/N
//
// which every program built with libfuse3 or go-fuse understands. It runs as a guest of the view, so its
// source may itself be virtual. A program that dies takes nothing with it: its mount answers
// ENOTCONN and can be unmounted.
package vufuse

import (
	"vuos.dev/engine"
	"vuos.dev/engine/submod"
)

// New makes the module with the submodules that are linked in.
func New(subs ...Submodule) *engine.Module {
	return submod.New(engine.Module{
		Name:        "vufuse",
		Description: "vu virtual file systems (user level FUSE)",
		Version:     "1.0",
		Tag:         'F',
		TagName:     "VUFUSE",
	}, subs, mount)
}

// mount mounts the file system of a type: one that is linked in, or what its program serves.
func mount(c engine.Call, h engine.Host, sub Submodule, linked bool, r *engine.MountRequest) (engine.FileSystem, error) {
	o, err := parseOptions(h, r)
	if err != nil {
		return nil, err
	}
	m := mounter{h}
	if linked {
		return m.mountLinked(c, r, &sub, o)
	}
	return m.mountProgram(c, r, o)
}

// mounter mounts for the module that has this host.
type mounter struct{ host engine.Host }
