// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"golang.org/x/sys/unix"
	"vuos.dev/engine"
	"vuos.dev/engine/internal/host"
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

// openDevice opens the kernel's device for a node of a virtual file system.
func (c *call) openDevice(t target, flags int) (engine.File, error) {
	var mask uint32
	if flags&unix.O_ACCMODE != unix.O_WRONLY {
		mask |= unix.R_OK
	}
	if flags&unix.O_ACCMODE != unix.O_RDONLY {
		mask |= unix.W_OK
	}
	if err := mayAccess(c, t, mask); err != nil {
		return nil, err
	}
	var st unix.Statx_t
	if err := t.Node.Stat(c, &st); err != nil {
		return nil, err
	}
	path, known := memoryDevices[unix.Mkdev(st.Rdev_major, st.Rdev_minor)]
	if !known || t.Node.Type() != unix.S_IFCHR {
		return nil, unix.EACCES
	}
	c.Block()
	fd, err := unix.Open(path, flags&^openOnly|unix.O_CLOEXEC|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	return host.NewFile(fd), nil
}
