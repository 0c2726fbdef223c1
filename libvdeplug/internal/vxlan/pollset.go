// SPDX-License-Identifier: Apache-2.0

package vxlan

import (
	"os"

	"golang.org/x/sys/unix"
)

// pollset makes a file that is readable when any of fds is. An epoll
// descriptor can itself be polled (epoll(7)), so the runtime waits for all of
// fds at once, with deadlines, and nothing is passed between goroutines.
func pollset(fds ...int) (*os.File, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	err = unix.SetNonblock(ep, true)
	for _, fd := range fds {
		if err == nil {
			err = unix.EpollCtl(ep, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
		}
	}
	if err != nil {
		unix.Close(ep)
		return nil, os.NewSyscallError("epoll_ctl", err)
	}
	return os.NewFile(uintptr(ep), "pollset"), nil
}
