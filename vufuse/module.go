// SPDX-License-Identifier: Apache-2.0

// Package vufuse is the module that mounts FUSE file systems in a view: the type vufuseNAME is the submodule
// NAME. A submodule is a Go file system that is linked in and called directly (see [Submodule]), or a
// program vufuseNAME that speaks the FUSE protocol on a descriptor, started as
//
//	vufuseNAME -o OPTIONS SOURCE /dev/fd/3
//
// which every program built with libfuse3 or go-fuse understands. It runs as a guest of the view, so its
// source may itself be virtual. A program that dies takes nothing with it: its mount answers
// ENOTCONN and can be unmounted.
package vufuse

import (
	"strings"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// prefix is what the file system types of this module begin with.
const prefix = "vufuse"

// New makes the module with the submodules that are linked in.
func New(subs ...Submodule) *engine.Module {
	return &engine.Module{
		Name:        "vufuse",
		Description: "vu virtual file systems (user level FUSE)",
		Version:     "1.0",
		Tag:         'F',
		TagName:     "VUFUSE",
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
	o, err := parseOptions(m.host, r)
	if err != nil {
		return nil, err
	}
	name := strings.TrimPrefix(r.Type, prefix)
	if s := m.subs[name]; s != nil {
		return m.mountLinked(c, r, s, o)
	}
	if name == "" || strings.ContainsRune(name, '/') {
		return nil, unknownType(r.Type)
	}
	return m.mountProgram(c, r, o)
}

func unknownType(fstype string) error {
	return &engine.MountError{Err: unix.ENODEV, Message: fstype + ": no such submodule"}
}
