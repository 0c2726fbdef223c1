// SPDX-License-Identifier: Apache-2.0

package dgram

import "golang.org/x/sys/unix"

// TrySend sends one frame of legal length without waiting, and tells whether
// there was room for it. No write deadline may be set.
func (c *Conn) TrySend(frame []byte) (ok bool, err error) {
	wait := c.raw.Write(func(fd uintptr) bool {
		_, err = unix.SendmsgN(int(fd), frame, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		return true
	})
	if err = first(wait, err); err == unix.EAGAIN {
		return false, nil
	}
	return err == nil, c.fail("send", err)
}

// Control calls f with the descriptor, which stays valid until f returns.
func (c *Conn) Control(f func(fd uintptr)) error { return c.fail("control", c.raw.Control(f)) }
