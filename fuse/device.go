// SPDX-License-Identifier: Apache-2.0

package fuse

import (
	"time"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// Numbers of the device (include/linux/miscdevice.h, FUSE_MINOR).
const major, minor = 10, 229

// device is the file system that is the device node, and its only node.
type device struct {
	module *instance
	dev    uint64
	born   unix.StatxTimestamp
}

var (
	_ engine.FileSystem       = (*device)(nil)
	_ engine.FileSystemLister = (*device)(nil)
	_ engine.NodeOpener       = (*device)(nil)
	_ engine.NodeCacher       = (*device)(nil)
)

func newDevice(m *instance) *device {
	now := time.Now()
	return &device{module: m, dev: m.host.AnonDev(), born: unix.StatxTimestamp{Sec: now.Unix(), Nsec: uint32(now.Nanosecond())}}
}

// Root implements [engine.FileSystem].
func (d *device) Root() engine.Node { return d }

// Unmount implements [engine.FileSystem].
func (d *device) Unmount(engine.Call) error {
	d.module.host.FreeDev(d.dev)
	return nil
}

// Listed implements [engine.FileSystemLister].
func (d *device) Listed() bool { return true }

// Type implements [engine.Node].
func (d *device) Type() uint32 { return unix.S_IFCHR }

// Cache implements [engine.NodeCacher].
func (d *device) Cache() engine.CachePolicy { return engine.CacheNone }

// Stat implements [engine.Node]: everybody may read and write, as udev has it.
func (d *device) Stat(_ engine.Call, st *unix.Statx_t) error {
	*st = unix.Statx_t{
		Mask: unix.STATX_BASIC_STATS, Blksize: 4096, Nlink: 1, Mode: unix.S_IFCHR | 0o666, Ino: 1,
		Atime: d.born, Mtime: d.born, Ctime: d.born, Rdev_major: major, Rdev_minor: minor,
		Dev_major: unix.Major(d.dev), Dev_minor: unix.Minor(d.dev),
	}
	return nil
}

// Open implements [engine.NodeOpener]: each open is a device of its own.
func (d *device) Open(_ engine.Call, flags int) (engine.File, error) {
	return newChannel(d.module, flags)
}
