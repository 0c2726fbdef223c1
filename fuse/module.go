// SPDX-License-Identifier: Apache-2.0

// Package fuse is the module that gives a view a /dev/fuse of its own, whether the host has one or not: an unmodified
// FUSE server opens it, mounts with mount(2) or through fusermount, and serves. No privileges
// are needed. The kernel's side of the protocol is that of package vuos.dev/vufuse/client.
//
// An open /dev/fuse is one end of a socket pair that keeps message boundaries. A server's reads and writes
// are the kernel's work; the engine only asks before each whether the file system is still
// mounted.
package fuse

import (
	"strings"

	"vuos.dev/engine"
)

// Path is where the device is.
const Path = "/dev/fuse"

// Module is the module fuse.
var Module = &engine.Module{
	Name:        "fuse",
	Description: "virtual /dev/fuse for unmodified FUSE servers",
	Version:     "1.0",
	Tag:         'U',
	TagName:     "FUSE",
	Load: func(h engine.Host) (engine.Instance, error) {
		m := &instance{host: h}
		m.detach = h.Attach(Path, "devtmpfs", newDevice(m))
		return m, nil
	},
}

// instance is the loaded module.
type instance struct {
	host      engine.Host
	detach    func() error
	farewells farewells
}

var _ engine.Mounter = (*instance)(nil)

// Unload implements [engine.Instance]. It is EBUSY while a server has the device open.
func (m *instance) Unload() error { return m.detach() }

// MountsType implements [engine.Mounter]: fuse and fuseblk, with or without a subtype.
func (m *instance) MountsType(fstype string) bool {
	base, _, _ := strings.Cut(fstype, ".")
	return base == "fuse" || base == "fuseblk"
}

// Mount implements [engine.Mounter] as fs/fuse/inode.c:fuse_fill_super does: the server is behind the descriptor
// that the caller names in the options, and need not answer yet. Without a descriptor a helper is started that mounts.
//
// Errors: EINVAL for options that are missing, unknown or malformed, and for a descriptor that is not an
// open /dev/fuse or is mounted already.
func (m *instance) Mount(c engine.Call, r *engine.MountRequest) (engine.FileSystem, error) {
	if name, source, ok := helperOf(r); ok {
		return nil, m.start(c, r, name, source)
	}
	o, err := parseOptions(r)
	if err != nil {
		return nil, err
	}
	f, ok := c.View().(engine.FileFinder)
	if !ok {
		return nil, badDevice(o.fd)
	}
	ch, ok := f.FileOf(c, o.fd).(*channel)
	if !ok {
		return nil, badDevice(o.fd)
	}
	m.farewells.forget(c.PID())
	return ch.mount(r.Target, o)
}
