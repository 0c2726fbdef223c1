// SPDX-License-Identifier: Apache-2.0

package sys

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// carried is prctl(PrctlVirtual, number, args): a virtual system call, mount(2) or umount2(2) that arrives here although the seccomp
// filter of a container, in which umvu runs, refuses its number. Of several filters' answers the kernel takes the strictest.
func (c *call) carried() reply {
	nr := int(int32(c.n.Args[1]))
	if nr >= 0 && nr != unix.SYS_MOUNT && nr != unix.SYS_UMOUNT2 {
		return fail(unix.EINVAL)
	}
	var args [len(c.n.Args) * 8]byte
	if _, err := c.mem().ReadAt(args[:], c.n.Args[2]); err != nil {
		return c.result(err)
	}
	c.n.NR = int32(nr)
	for i := range c.n.Args {
		c.n.Args[i] = binary.NativeEndian.Uint64(args[8*i:])
	}
	r := c.dispatch(nr)
	if r.cont {
		return fail(unix.EPERM) // the kernel cannot do another call than the one that was made
	}
	return r
}
