// SPDX-License-Identifier: Apache-2.0

package dgram

import "golang.org/x/sys/unix"

// HungUp tells whether the peer of a connected socket has closed it.
func (c *Conn) HungUp() (gone bool) {
	err := c.raw.Control(func(fd uintptr) {
		p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
		n, err := unix.Poll(p, 0)
		gone = err == nil && n > 0
	})
	return gone || err != nil
}
