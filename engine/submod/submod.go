// SPDX-License-Identifier: Apache-2.0

// Package submod makes modules whose file system types are their own name with that of a submodule behind it: the
// module vufuse mounts the type vufuseext2 with its submodule ext2.
package submod

import (
	"strings"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Submodule is what can be linked into such a module. It is identified by the part of the type behind the
// module's name.
type Submodule interface{ SubmoduleName() string }

// Mount makes what r describes, see [engine.Mounter]. sub is the submodule that r.Type names; ok is false
// if none of that name is linked in.
type Mount[S Submodule] func(c engine.Call, h engine.Host, sub S, ok bool, r *engine.MountRequest) (engine.FileSystem, error)

// New makes the module that about describes, with the submodules that are linked in. Load is set here.
func New[S Submodule](about engine.Module, subs []S, mount Mount[S]) *engine.Module {
	byName := make(map[string]S, len(subs))
	for _, s := range subs {
		byName[s.SubmoduleName()] = s
	}
	about.Load = func(h engine.Host) (engine.Instance, error) {
		return &instance[S]{host: h, prefix: about.Name, subs: byName, mount: mount}, nil
	}
	return &about
}

// Unknown is the error of a mount whose type names no submodule.
func Unknown(fstype string) error {
	return &engine.MountError{Err: unix.ENODEV, Message: fstype + ": no such submodule"}
}

// instance is a loaded module. It keeps no state of its own: what is mounted holds its own.
type instance[S Submodule] struct {
	host   engine.Host
	prefix string
	subs   map[string]S // read only
	mount  Mount[S]
}

// Unload implements [engine.Instance].
func (*instance[S]) Unload() error { return nil }

// MountsType implements [engine.Mounter].
func (m *instance[S]) MountsType(fstype string) bool { return strings.HasPrefix(fstype, m.prefix) }

// Mount implements [engine.Mounter].
func (m *instance[S]) Mount(c engine.Call, r *engine.MountRequest) (engine.FileSystem, error) {
	sub, ok := m.subs[strings.TrimPrefix(r.Type, m.prefix)]
	return m.mount(c, m.host, sub, ok, r)
}
