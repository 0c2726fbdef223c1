// SPDX-License-Identifier: Apache-2.0

// Package tap is the plugin for tap://NAME, a TAP interface of the kernel
// (Documentation/networking/tuntap.rst): frames sent to the Conn come in at
// the interface. The interface is made if it does not exist, which needs
// CAP_NET_ADMIN, and then goes with the Conn; an existing one must be
// persistent and belong to the user. Without a NAME the kernel chooses one.
package tap

import (
	"context"
	"os"

	"golang.org/x/sys/unix"

	"vuos.dev/libvdeplug/plug"
)

// Plugin opens tap://NAME.
var Plugin = plug.Func(open)

// device is the file that TAP interfaces are made with.
const device = "/dev/net/tun"

func open(_ context.Context, req *plug.Request) (plug.Conn, error) {
	name := req.Rest
	fd, err := unix.Open(device, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, req.Error(name, device, err)
	}
	ifr, err := unix.NewIfreq(name)
	if err != nil {
		unix.Close(fd)
		return nil, req.Error(name, "not the name of an interface, which has at most 15 bytes", nil)
	}
	ifr.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, ifr); err != nil {
		unix.Close(fd)
		return nil, req.Error(name, explain(err), err)
	}
	return newConn(os.NewFile(uintptr(fd), device), req.Plugin, ifr.Name())
}

// explain says what an error of TUNSETIFF usually means.
func explain(err error) string {
	switch err {
	case unix.EPERM:
		return "not allowed to make or use this interface"
	case unix.EBUSY:
		return "in use by another process"
	case unix.EINVAL:
		return "not a tap interface"
	}
	return ""
}
