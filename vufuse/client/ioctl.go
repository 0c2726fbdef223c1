// SPDX-License-Identifier: Apache-2.0

package client

import (
	"golang.org/x/sys/unix"

	"vuos.dev/engine"
	"vuos.dev/vufuse/proto"
)

// Parts of an ioctl number (include/uapi/asm-generic/ioctl.h).
const (
	iocWrite = 1 // the call passes data
	iocRead  = 2 // the call returns data
	maxIoctl = 1<<14 - 1
)

// Ioctl implements [engine.FileIoctler].
func (f *file) Ioctl(c engine.Call, m engine.Memory, cmd uint32, arg uint64) (int, error) {
	return f.ioctl(c, m, cmd, arg, 0)
}

// Ioctl implements [engine.FileIoctler].
func (d *dir) Ioctl(c engine.Call, m engine.Memory, cmd uint32, arg uint64) (int, error) {
	if d.n.fs.agreed.Load().minor < 18 {
		return 0, unix.ENOTTY
	}
	return d.ioctl(c, m, cmd, arg, proto.IoctlDir)
}

// ioctl sends IOCTL in its restricted form: direction and size of the data are those in the number
// (fs/fuse/ioctl.c).
func (h *handle) ioctl(c engine.Call, m engine.Memory, cmd uint32, arg uint64, flags uint32) (int, error) {
	if h.n.isBad() || h.n.fs.agreed.Load().minor < 11 {
		return 0, unix.ENOTTY
	}
	size, dirn := int(cmd>>16&maxIoctl), cmd>>30
	if cmd == unix.FS_IOC_GETFLAGS || cmd == unix.FS_IOC_SETFLAGS {
		size = 4 // their numbers say long, but it is an int
	}
	in := &proto.IoctlIn{Fh: h.fh, Flags: flags, Cmd: cmd, Arg: arg}
	r := &Request{Op: proto.Ioctl, Node: h.n.id, In: in}
	if dirn&iocWrite != 0 {
		r.Data = make([]byte, size)
		if _, err := m.ReadAt(r.Data, arg); err != nil {
			return 0, unix.EFAULT
		}
		in.InSize = uint32(size)
	}
	if dirn&iocRead != 0 {
		r.Buf = make([]byte, size)
		in.OutSize = uint32(size)
	}
	var out proto.IoctlOut
	r.Out = &out
	if err := h.n.fs.do(c, r); err != nil {
		if err == unix.ENOSYS {
			err = unix.ENOTTY
		}
		return 0, err
	}
	if out.Flags&proto.IoctlRetry != 0 {
		return 0, unix.EIO
	}
	if out.Result < 0 {
		return 0, unix.Errno(-out.Result)
	}
	if _, err := m.WriteAt(r.Buf[:r.N], arg); r.N > 0 && err != nil {
		return 0, unix.EFAULT
	}
	return int(out.Result), nil
}
