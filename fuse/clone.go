// SPDX-License-Identifier: Apache-2.0

package fuse

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"vuos.dev/engine"
)

// devIocClone is FUSE_DEV_IOC_CLONE (include/uapi/linux/fuse.h): the argument points to the number of another
// open /dev/fuse, of 32 bits.
const devIocClone = 0x8004e500

// Ioctl implements [engine.FileIoctler].
//
// Errors: ENOTTY for what is not FUSE_DEV_IOC_CLONE.
func (ch *channel) Ioctl(c engine.Call, m engine.Memory, cmd uint32, arg uint64) (int, error) {
	if cmd != devIocClone {
		return 0, unix.ENOTTY
	}
	var fd [4]byte
	if _, err := m.ReadAt(fd[:], arg); err != nil {
		return 0, unix.EFAULT
	}
	return 0, ch.clone(c, int(int32(binary.NativeEndian.Uint32(fd[:]))))
}

// clone makes the device one more of the connection that descriptor fd has (fs/fuse/dev.c:fuse_dev_ioctl_clone()).
//
// Errors: EINVAL for a descriptor that is not an open /dev/fuse, and if ch has a connection itself; EPERM for one
// that is not mounted.
func (ch *channel) clone(c engine.Call, fd int) error {
	finder, ok := c.View().(engine.FileFinder)
	if !ok {
		return unix.EINVAL
	}
	other, ok := finder.FileOf(c, fd).(*channel)
	if !ok {
		return unix.EINVAL
	}
	conn := other.connected()
	if conn == nil {
		return unix.EPERM
	}
	theirs, err := finder.Descriptor(c, fd)
	if err != nil {
		return err
	}
	defer unix.Close(theirs)
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if ch.conn != nil {
		return unix.EINVAL
	}
	if err := conn.Adopt(ch.port, theirs); err != nil {
		return err
	}
	ch.conn = conn
	return nil
}
