// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"slices"

	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/host"
	"vuos.dev/engine/internal/view"
)

// deviceNode tells whether t is a device node that a file system stores, and not a device of a module.
func deviceNode(t target) bool {
	if typ := t.Node.Type(); t.Mount == nil || typ != unix.S_IFCHR && typ != unix.S_IFBLK {
		return false
	}
	if _, isHost := t.Node.(host.Node); isHost {
		return false
	}
	return !listed(t.Mount)
}

// memoryDevices are the devices that a stored node may open, whoever made the file system: they give nothing that
// the caller does not have anyway (admin-guide/devices.txt).
var memoryDevices = map[uint64]string{
	unix.Mkdev(1, 3): "/dev/null", unix.Mkdev(1, 5): "/dev/zero", unix.Mkdev(1, 7): "/dev/full",
	unix.Mkdev(1, 8): "/dev/random", unix.Mkdev(1, 9): "/dev/urandom",
	unix.Mkdev(5, 0): "/dev/tty", unix.Mkdev(5, 2): "/dev/ptmx",
}

// openDevice opens what a device node of a virtual file system stands for: a device mounted in the view with that number, or
// one of the kernel's.
func (c *call) openDevice(t target, flags int) (pos, engine.File, error) {
	var mask uint32
	if flags&unix.O_ACCMODE != unix.O_WRONLY {
		mask |= unix.R_OK
	}
	if flags&unix.O_ACCMODE != unix.O_RDONLY {
		mask |= unix.W_OK
	}
	if err := mayAccess(c, t, mask); err != nil {
		return t.Pos, nil, err
	}
	var st unix.Statx_t
	if err := t.Node.Stat(c, &st); err != nil {
		return t.Pos, nil, err
	}
	typ, number := t.Node.Type(), unix.Mkdev(st.Rdev_major, st.Rdev_minor)
	if m := c.driver(typ, number); m != nil {
		at := pos{Mount: m, Node: m.Root, Path: m.Point()}
		f, err := openNode(c, at.Node, flags)
		return at, f, err
	}
	path, known := memoryDevices[number]
	if !known || typ != unix.S_IFCHR {
		return t.Pos, nil, unix.EACCES
	}
	c.Block()
	fd, err := unix.Open(path, flags&^openOnly|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if err != nil {
		return t.Pos, nil, err
	}
	return t.Pos, host.NewFile(fd), nil
}

// driver is the mounted device that drives a type and number, the latest first, or nil.
func (c *call) driver(typ uint32, number uint64) *view.Mount {
	for _, m := range slices.Backward(c.task().Mounts().All()) {
		if d, ok := m.FS.(engine.FileSystemDriver); ok {
			if t, n, ok := d.Drives(); ok && t == typ && n == number {
				return m
			}
		}
	}
	return nil
}
